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
# competing and intercurrent events: mgus2 (progression, death without), myeloid (transplantation on the way)
m <- read.csv("data/real/mgus2.csv")
m$t <- ifelse(m$pstat == 0, m$futime, m$ptime); m$c <- ifelse(m$pstat == 0, 2 * m$death, 1)
m$days <- m$t * 365.25 / 12; m$male <- as.integer(m$sex == "M")
s <- survfit(Surv(days, factor(c, 0:2)) ~ 1, m)
put("mgus2.incidence.20y", summary(s, times = 20 * 365.25)$pstate[2])
put("mgus2.one_minus_km.20y", 1 - summary(survfit(Surv(days, c == 1) ~ 1, m), times = 20 * 365.25)$surv)
f <- coxph(Surv(days, c == 1) ~ age + male, m, control = strict)
put("mgus2.cause_specific.age", coef(f)[1]); put("mgus2.cause_specific.male", coef(f)[2])
g <- finegray(Surv(days, factor(c, 0:2)) ~ age + male, m, etype = "1")
f <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male, g, weights = fgwt, control = strict)
put("mgus2.fine_gray.age", coef(f)[1]); put("mgus2.fine_gray.male", coef(f)[2])
y <- read.csv("data/real/myeloid.csv")
cut <- tmerge(y, y, id = id, died = event(futime, death), tx = tdc(txtime))
f <- coxph(Surv(futime, death) ~ trt, y, control = strict); put("myeloid.ignored", coef(f))
f <- coxph(Surv(tstart, tstop, died) ~ trt, cut, subset = tx == 0, control = strict); put("myeloid.censored", coef(f))
f <- coxph(Surv(tstart, tstop, died) ~ trt + tx, cut, control = strict)
put("myeloid.time_dependent.arm", coef(f)[1]); put("myeloid.time_dependent.after", coef(f)[2])
state <- tmerge(y[, 1:2], y, id = id, to = event(futime, ifelse(death == 1, 2, 0)))
through <- y[!is.na(y$txtime), ]
state <- tmerge(state, through, id = id, to = event(txtime, rep(1, nrow(through))))
s <- survfit(Surv(tstart, tstop, factor(to, 0:2)) ~ trt, state, id = id)
p <- summary(s, times = 730)
for (arm in 1:2) for (k in 1:3) put(paste("myeloid.occupancy", c("A", "B")[arm], k, sep = "."), p$pstate[arm, k])
path <- "tests/oracle/confounding.csv"
writeLines(paste0("# ", R.version.string, ", survival ", packageVersion("survival")), path)
suppressWarnings(write.table(out, path, sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))
