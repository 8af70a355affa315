# Oracle of helpers.estimate.weights: R's glm, survfit, coxph on rotterdam (data/real/rotterdam.csv), weights known.
# Run from the root of the project: Rscript tests/oracle/weights.R
suppressMessages(library(survival))
d <- read.csv("data/real/rotterdam.csv")
d$time <- ifelse(d$recur == 1, pmin(d$rtime, d$dtime), d$dtime)
d$event <- as.integer(d$recur == 1 | d$death == 1)
d$size2 <- as.integer(d$size == "20-50"); d$size3 <- as.integer(d$size == ">50")
x <- c("age", "meno", "size2", "size3", "grade", "nodes", "pgr", "er", "chemo")
out <- data.frame()
put <- function(what, value) out <<- rbind(out, data.frame(what = what, value = sprintf("%.15g", value)))
fit <- glm(reformulate(x, "hormon"), binomial, d, control = glm.control(epsilon = 1e-14, maxit = 50))
e <- fitted(fit); a <- d$hormon
put("propensity.sum_of_squares", sum(e^2))
w <- list(ATE = a / e + (1 - a) / (1 - e), ATT = a + (1 - a) * e / (1 - e), overlap = a * (1 - e) + (1 - a) * e)
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 50)
for (name in names(w)) {
  d$w <- w[[name]]
  put(paste0(name, ".ess_treated"), sum(d$w[a == 1])^2 / sum(d$w[a == 1]^2))
  put(paste0(name, ".ess_untreated"), sum(d$w[a == 0])^2 / sum(d$w[a == 0]^2))
  put(paste0(name, ".largest"), max(d$w))
  for (v in c("nodes", "grade")) {
    m <- function(k) weighted.mean(d[[v]][a == k], d$w[a == k])
    put(paste0(name, ".smd.", v), (m(1) - m(0)) / sqrt((var(d[[v]][a == 1]) + var(d[[v]][a == 0])) / 2))
  }
  for (ties in c("efron", "breslow")) {
    m <- coxph(Surv(time, event) ~ hormon, d, weights = w, robust = TRUE, ties = ties, control = strict)
    put(paste0(name, ".log_hr.", ties), coef(m)); put(paste0(name, ".se.", ties), sqrt(m$var[1, 1]))
  }
  for (arm in c(1, 0)) {
    s <- survfit(Surv(time, event) ~ 1, d[a == arm, ], weights = w, id = pid, robust = TRUE)
    for (type in c("surv", "rmst")) {
      r <- residuals(s, times = 730.5, type = if (type == "surv") "pstate" else "auc", weighted = TRUE)
      value <- if (type == "surv") summary(s, times = 730.5)$surv else {
        u <- c(0, s$time[s$time < 730.5]); k <- c(1, s$surv[s$time < 730.5]); sum(k * diff(c(u, 730.5)))
      }
      put(paste0(name, ".", type, ".", arm), value); put(paste0(name, ".", type, ".se.", arm), sqrt(sum(r^2)))
    }
  }
}
for (ties in c("efron", "breslow")) {
  m <- coxph(Surv(time, event) ~ hormon, d, ties = ties, control = strict)
  put(paste0("crude.log_hr.", ties), coef(m)); put(paste0("crude.se.", ties), sqrt(m$var[1, 1]))
}
m <- coxph(reformulate(c("hormon", x), "Surv(time, event)"), d, control = strict)
put("adjusted.log_hr.efron", coef(m)["hormon"])
h <- heart
m <- coxph(Surv(start, stop, event) ~ transplant, h, ties = "breslow", control = strict)
put("heart.log_hr.breslow", coef(m)); put("heart.se.breslow", sqrt(m$var[1, 1]))
path <- "tests/oracle/weights.csv"
writeLines(paste0("# ", R.version.string, ", survival ", packageVersion("survival")), path)
suppressWarnings(write.table(out, path, sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))
