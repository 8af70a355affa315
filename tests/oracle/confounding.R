# Oracle of helpers.estimate.{delta_adjustment,score_steps,maximally_selected_cut}: R's coxph and survdiff on data/real/bmt.csv.
# Run from the root of the project: Rscript tests/oracle/confounding.R
suppressMessages(library(survival))
d <- read.csv("data/real/bmt.csv")
out <- data.frame()
put <- function(what, value) out <<- rbind(out, data.frame(what = what, value = sprintf("%.15g", value)))
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60)
# lost: free of the event before day 1000; stayed free to day 2500, or failed on the day they left, by group
lost <- d$d3 == 0 & d$t2 < 1000
for (case in c("seen", "free", "failed", "failed1")) {
  t <- d$t2; e <- d$d3
  if (case == "free") t[lost] <- 2500
  if (case == "failed") e[lost] <- 1
  if (case == "failed1") { w <- lost & d$group == 1; e[w] <- 1; t[lost & !w] <- 2500 }
  for (ties in c("efron", "breslow")) {
    m <- coxph(Surv(t, e) ~ factor(group), d, ties = ties, control = strict)
    for (k in 1:2) {
      put(paste("delta", case, ties, k + 1, "hr", sep = "."), exp(coef(m)[k]))
      put(paste("delta", case, ties, k + 1, "p", sep = "."), 2 * pnorm(-abs(coef(m)[k]) / sqrt(m$var[k, k])))
    }
  }
}
# score tests of an exposure beside covariates: one Newton step from no effect
covariates <- list(none = character(0), two = c("z1", "z7"), four = c("z1", "z2", "z5", "z8"))
for (name in names(covariates)) {
  z <- covariates[[name]]
  base <- if (length(z)) coef(coxph(reformulate(z, "Surv(t2, d3)"), d, ties = "breslow", control = strict)) else numeric(0)
  m <- coxph(reformulate(c(z, "z10"), "Surv(t2, d3)"), d, ties = "breslow", init = c(base, 0), control = coxph.control(iter.max = 0))
  put(paste0("score.", name), m$score)
  m <- suppressWarnings(coxph(reformulate(c(z, "z10", "z3"), "Surv(t2, d3)"), d, ties = "breslow", init = c(base, 0, 0),
                              control = coxph.control(iter.max = 0)))
  put(paste0("score2.", name), m$score)
}
# every cut: waiting time z7, the first 50 rows taken as dose 0
d$dose <- ifelse(seq_len(nrow(d)) <= 50, 0, d$z7)
for (cut in c(90, 150, 300, 1000)) {
  s <- d[d$dose <= cut, ]
  f <- survdiff(Surv(t2, d3) ~ dose > 0, s)
  put(paste0("cut.", cut), f$chisq); put(paste0("cut.sign.", cut), sign(f$obs[2] - f$exp[2]))
}
path <- "tests/oracle/confounding.csv"
writeLines(paste0("# ", R.version.string, ", survival ", packageVersion("survival")), path)
suppressWarnings(write.table(out, path, sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))
