# Kaplan-Meier, log-rank, Cox, cox.zph, restricted means and medians by R's survival, for helpers.estimate.
# Run in this folder: Rscript estimate_survival.R. Writes the data it used (estimate_data_*.csv) beside its results.
library(survival)
options(digits = 17)
LEVEL <- qnorm(0.975)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60)
versions <- data.frame(program = c("R", "survival"), version = c(paste(R.version$major, R.version$minor, sep = "."), as.character(packageVersion("survival"))))
save_csv <- function(x, name) {
  path <- paste0("estimate_", name, ".csv")
  writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival")), path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = TRUE))
}

# ------------------------------------------------------------------------------------------------------------- data
pick <- function(d, time, event, covariates) {
  out <- data.frame(time = d[[time]], event = as.integer(d[[event]]))
  cbind(out, d[covariates])
}
lung$death <- lung$status - 1
lung$sex <- ifelse(lung$sex == 2, "female", "male")
veteran$trt <- ifelse(veteran$trt == 2, "test", "standard")
veteran$celltype <- as.character(veteran$celltype)
ovarian$rx <- ifelse(ovarian$rx == 2, "b", "a")
data <- list(
  lung = pick(lung, "time", "death", c("age", "sex", "ph.ecog", "ph.karno", "wt.loss")),
  veteran = pick(veteran, "time", "status", c("trt", "celltype", "karno", "diagtime", "age")),
  ovarian = pick(ovarian, "futime", "fustat", c("age", "rx")),
  # all die, whole-day ties, a death on day 0, a curve that is flat at exactly one half
  small = data.frame(time = c(0, 2, 4, 4, 7, 7, 9, 12), event = c(1, 1, 1, 1, 0, 1, 1, 1), g = rep(c("a", "b"), 4)),
  flat = data.frame(time = c(1, 2, 3, 4, 5, 6), event = c(1, 1, 0, 1, 0, 1), g = c("a", "b", "a", "b", "a", "b")),
  half = data.frame(time = c(2, 3, 8, 9), event = c(1, 1, 1, 0), g = c("a", "b", "a", "b"))
)
for (name in names(data)) save_csv(data[[name]], paste0("data_", name))

# ----------------------------------------------------------------------------------------------------- Kaplan-Meier
curves <- list(); medians <- list(); at <- list(); means <- list(); follow <- list()
for (name in names(data)) for (type in c("plain", "log", "log-log")) {
  d <- data[[name]]
  fit <- survfit(Surv(time, event) ~ 1, d, conf.type = type)
  key <- data.frame(data = name, conf_type = type)
  curves[[length(curves) + 1]] <- cbind(key, time = fit$time, at_risk = fit$n.risk, events = fit$n.event,
    censored = fit$n.censor, survival = fit$surv, se = fit$std.err * fit$surv, low = fit$lower, high = fit$upper)
  q <- quantile(fit, c(0.25, 0.5, 0.75))
  medians[[length(medians) + 1]] <- cbind(key, q = c(0.25, 0.5, 0.75), value = q$quantile, low = q$lower, high = q$upper)
  times <- round(quantile(d$time, c(0.1, 0.33, 0.5, 0.8), type = 1) + 0.5)
  s <- summary(fit, times = unique(times))
  at[[length(at) + 1]] <- cbind(key, time = s$time, at_risk = s$n.risk, survival = s$surv, se = s$std.err, low = s$lower, high = s$upper)
  r <- quantile(survfit(Surv(time, 1 - event) ~ 1, d, conf.type = type), 0.5)
  if (any(d$event == 0)) follow[[length(follow) + 1]] <- cbind(key, value = r$quantile, low = r$lower, high = r$upper)
}
for (name in names(data)) {
  d <- data[[name]]
  fit <- survfit(Surv(time, event) ~ 1, d)
  for (tau in c(round(median(d$time)), max(d$time))) {
    t <- summary(fit, rmean = tau)$table
    means[[length(means) + 1]] <- data.frame(data = name, tau = tau, value = t[["rmean"]], se = t[["se(rmean)"]])
  }
}
save_csv(do.call(rbind, curves), "curves")
save_csv(do.call(rbind, medians), "quantiles")
save_csv(do.call(rbind, at), "survival_at")
save_csv(do.call(rbind, follow), "follow_up")
save_csv(do.call(rbind, means), "restricted_means")

# --------------------------------------------------------------------------------------------------------- log-rank
groups <- list(lung = c("sex", "ph.ecog"), veteran = c("trt", "celltype"), ovarian = "rx", small = "g", flat = "g")
tests <- list(); observed <- list()
for (name in names(groups)) for (column in groups[[name]]) {
  d <- data[[name]]
  d <- d[!is.na(d[[column]]), ]
  fit <- survdiff(Surv(time, event) ~ factor(d[[column]]), d)
  df <- sum(fit$exp > 0) - 1
  tests[[length(tests) + 1]] <- data.frame(data = name, column = column, statistic = fit$chisq, df = df, p = pchisq(fit$chisq, df, lower.tail = FALSE))
  observed[[length(observed) + 1]] <- data.frame(data = name, column = column, group = levels(factor(d[[column]])), n = as.integer(fit$n), observed = fit$obs, expected = fit$exp)
}
save_csv(do.call(rbind, tests), "logrank")
save_csv(do.call(rbind, observed), "logrank_groups")
v <- data$veteran
pairs <- combn(sort(unique(v$celltype)), 2)
each <- apply(pairs, 2, function(two) {
  fit <- survdiff(Surv(time, event) ~ celltype, v[v$celltype %in% two, ])
  pchisq(fit$chisq, 1, lower.tail = FALSE)
})
save_csv(data.frame(first = pairs[1, ], second = pairs[2, ], p = each, p_holm = p.adjust(each, "holm"), p_bh = p.adjust(each, "BH")), "logrank_pairs")
raw <- c(0.01, NA, 0.04, 0.03, 0.2, 0.04, 1, 0.0004)
save_csv(data.frame(raw, holm = p.adjust(raw, "holm"), bh = p.adjust(raw, "BH"), bonferroni = p.adjust(raw, "bonferroni")), "adjusted")

# -------------------------------------------------------------------------------------------------------------- Cox
lung_m <- transform(data$lung, sex = factor(sex, c("male", "female")))
vet_m <- transform(data$veteran, trt = factor(trt, c("standard", "test")), celltype = factor(celltype, c("large", "squamous", "smallcell", "adeno")))
ova_m <- transform(data$ovarian, rx = factor(rx, c("a", "b")))
models <- list(
  lung_sex = list(lung_m, "sex"),
  lung_age = list(lung_m, "age"),
  lung_ecog = list(lung_m, c("age", "sex", "ph.ecog")),
  lung_all = list(lung_m, c("age", "sex", "ph.ecog", "wt.loss")),
  veteran_celltype = list(vet_m, "celltype"),
  veteran_all = list(vet_m, c("trt", "celltype", "karno", "diagtime", "age")),
  ovarian_all = list(ova_m, c("age", "rx"))
)
coefficients <- list(); whole <- list(); zph <- list()
for (name in names(models)) for (ties in c("efron", "breslow")) {
  d <- models[[name]][[1]]; covariates <- models[[name]][[2]]
  fit <- coxph(as.formula(paste("Surv(time, event) ~", paste(covariates, collapse = " + "))), d, ties = ties, control = exact, x = TRUE)
  se <- sqrt(diag(vcov(fit)))
  key <- data.frame(model = name, ties = ties)
  coefficients[[length(coefficients) + 1]] <- cbind(key, term = names(coef(fit)), coef = coef(fit), se = se, hr = exp(coef(fit)),
    ci_low = exp(coef(fit) - LEVEL * se), ci_high = exp(coef(fit) + LEVEL * se), z = coef(fit) / se, p = 2 * pnorm(-abs(coef(fit) / se)))
  lr <- 2 * diff(fit$loglik)
  whole[[length(whole) + 1]] <- cbind(key, n = fit$n, events = fit$nevent, missing = length(fit$na.action), loglik_null = fit$loglik[1],
    loglik = fit$loglik[2], lr_statistic = lr, lr_df = length(coef(fit)), lr_p = pchisq(lr, length(coef(fit)), lower.tail = FALSE), concordance = concordance(fit)$concordance)
  for (transform in c("km", "rank", "identity", "log")) {
    t <- cox.zph(fit, transform)$table
    if (length(covariates) == 1) t <- t[1, , drop = FALSE]
    zph[[length(zph) + 1]] <- cbind(key, transform = transform, covariate = rownames(t), statistic = t[, "chisq"], df = t[, "df"], p = t[, "p"])
  }
}
save_csv(do.call(rbind, coefficients), "cox_coefficients")
save_csv(do.call(rbind, whole), "cox_models")
save_csv(do.call(rbind, zph), "cox_zph")
write.csv(versions, "estimate_versions.csv", row.names = FALSE, quote = FALSE)
