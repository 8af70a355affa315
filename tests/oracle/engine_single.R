# Oracle of tests/test_engine.py: single fits of R's survival with strata and entry; needs the rows that engine_resamples.R wrote.
# Run from the project's root: Rscript tests/oracle/engine_single.R
suppressMessages(library(survival))
rows <- function(name) {
  d <- read.csv(sprintf("tests/oracle/engine_%s_rows.csv.gz", name))
  d$surv <- if (anyNA(d$entry)) Surv(d$time, d$event) else Surv(d$entry, d$time, d$event)
  d
}
columns <- function(d) as.matrix(d[setdiff(names(d), c("entry", "time", "event", "group", "surv"))])
control <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60, timefix = FALSE)
single <- function(name, ties, column) {  # column 0: no strata; else this covariate makes the strata and leaves the model
  d <- rows(name)
  x <- columns(d)
  column <- as.integer(column)
  if (column == 0) {
    fit <- coxph(d$surv ~ x, ties = ties, control = control)
  } else {
    by <- x[, column]
    x <- x[, -column]
    fit <- coxph(d$surv ~ x + strata(by), ties = ties, control = control)
  }
  data.frame(case = paste(name, ties, column, sep = "/"), coef = sprintf("%.17g", coef(fit)),
             se = sprintf("%.17g", sqrt(diag(fit$var))), loglik = sprintf("%.17g", fit$loglik[2]))
}
cases <- list(c("bmt", "efron", "0"), c("bmt", "breslow", "0"), c("lung", "efron", "0"),
              c("colon", "efron", "3"), c("colon", "breslow", "5"), c("pbc", "efron", "4"),
              c("heart", "efron", "0"), c("heart", "breslow", "0"), c("heart", "efron", "3"), c("heart", "breslow", "4"))
write.csv(do.call(rbind, lapply(cases, function(case) do.call(single, as.list(case)))),
          "tests/oracle/engine_single.csv", row.names = FALSE, quote = FALSE)

stratified <- function(name, column) {
  d <- rows(name)
  by <- columns(d)[, column]
  if (ncol(d$surv) == 2) {
    test <- survdiff(d$surv ~ d$group + strata(by))
    statistic <- test$chisq
    df <- length(unique(d$group)) - 1
  } else {  # log-rank with entry times: score test of the exact partial likelihood
    test <- coxph(d$surv ~ factor(d$group) + strata(by), ties = "exact", control = coxph.control(iter.max = 0))
    statistic <- test$score
    df <- length(coef(test))
  }
  data.frame(name = name, column = column, statistic = sprintf("%.17g", statistic),
             p = sprintf("%.17g", pchisq(statistic, df, lower.tail = FALSE)))
}
tests <- list(list("bmt", 3), list("lung", 3), list("veteran", 1), list("colon", 3), list("colon", 5),
              list("heart", 3), list("ovarian", 2))
write.csv(do.call(rbind, lapply(tests, function(t) do.call(stratified, t))),
          "tests/oracle/engine_logrank.csv", row.names = FALSE, quote = FALSE)
