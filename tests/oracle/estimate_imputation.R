# Rubin's rules by mice::pool.scalar, a Cox model pooled by mice::pool and Nelson-Aalen, for helpers.estimate.imputation.
# Run in this folder: Rscript estimate_imputation.R
suppressMessages({library(mice); library(survival)})
header <- paste0("# ", R.version.string, "; mice ", packageVersion("mice"), "; survival ", packageVersion("survival"))
save_csv <- function(x, name) {
  path <- paste0("estimate_imputation_", name, ".csv")
  writeLines(header, path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = TRUE))
}
cases <- list(
  few = list(q = c(1, 1.2, 0.8), u = c(0.04, 0.04, 0.04), df = 40),
  many = list(q = c(-0.91, -1.02, -0.88, -1.1, -0.95, -0.99, -0.93, -1.05), u = c(0.16, 0.17, 0.15, 0.18, 0.16, 0.16, 0.17, 0.17), df = 43),
  none_missing = list(q = c(0.5, 0.5000001, 0.5), u = c(0.1, 0.1, 0.1), df = 30),
  large = list(q = c(0.2, 0.9, -0.4, 0.6, 0.1), u = c(0.02, 0.03, 0.02, 0.02, 0.01), df = Inf)
)
rows <- lapply(names(cases), function(name) {
  x <- cases[[name]]
  p <- pool.scalar(x$q, x$u, n = x$df + 1, k = 1)
  data.frame(case = name, estimates = paste(x$q, collapse = " "), variances = paste(x$u, collapse = " "), df_complete = x$df,
    estimate = p$qbar, within = p$ubar, between = p$b, total = p$t, df = p$df, riv = p$r, fmi = p$fmi)
})
save_csv(do.call(rbind, rows), "pooled")

# Completed data sets made by mice, stored, and the Cox model that mice pools from them
d <- lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")]
d$status <- d$status - 1
d <- d[!is.na(d$ph.ecog), ]
set.seed(1)
imp <- mice(d, m = 4, maxit = 3, printFlag = FALSE)
fit <- with(imp, coxph(Surv(time, status) ~ age + sex + wt.loss, control = coxph.control(eps = 1e-13, toler.chol = 1e-16)))
long <- complete(imp, "long")[, c(".imp", "time", "status", "age", "sex", "wt.loss")]
names(long)[1] <- "imputation"
save_csv(long, "completed")
s <- summary(pool(fit, dfcom = sum(d$status) - 3), conf.int = TRUE)
full <- pool(fit, dfcom = sum(d$status) - 3)$pooled
save_csv(data.frame(term = as.character(s$term), coef = s$estimate, se = s$std.error, df = s$df, p = s$p.value, low = s[["2.5 %"]], high = s[["97.5 %"]],
  riv = full$riv, fmi = full$fmi), "cox")

# Nelson-Aalen at each patient's own time
h <- basehaz(coxph(Surv(time, status) ~ 1, d, ties = "breslow"), centered = FALSE)
save_csv(data.frame(time = d$time, event = d$status, hazard = h$hazard[match(d$time, h$time)]), "hazard")

# A whole imputation by mice, the outcome among the predictors as event and Nelson-Aalen: what chained equations should give
e <- lung[, c("time", "status", "age", "sex", "ph.karno", "meal.cal", "wt.loss")]
e$status <- e$status - 1
names(e) <- c("time", "event", "age", "sex", "karno", "meal", "loss")
e <- e[!is.na(e$karno), ]
save_csv(e, "gaps")
e$hazard <- basehaz(coxph(Surv(time, event) ~ 1, e, ties = "breslow"), centered = FALSE)$hazard[match(e$time, sort(unique(e$time)))]
predictors <- make.predictorMatrix(e)
predictors[, "time"] <- 0
imp <- mice(e, m = 200, maxit = 10, predictorMatrix = predictors, method = "pmm", seed = 1, printFlag = FALSE)
fit <- with(imp, coxph(Surv(time, event) ~ age + sex + karno + meal + loss))
p <- pool(fit, dfcom = sum(e$event) - 5)$pooled
save_csv(data.frame(term = as.character(p$term), coef = p$estimate, between = p$b, within = p$ubar, total = p$t), "mice")
