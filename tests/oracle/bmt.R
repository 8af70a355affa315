# The 137 transplanted patients of data/real/bmt.csv by R's survival: what a run with the real cohort has to give.
# Run in this folder: Rscript bmt.R
library(survival)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16)
save_csv <- function(x, name) {
  path <- paste0("bmt_", name, ".csv")
  writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival")), path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = TRUE))
}
b <- read.csv("../../data/real/bmt.csv")
b <- transform(b,
  disease_group = factor(group, 1:3, c("ALL", "AML low risk", "AML high risk")),
  sex = factor(z3, c(1, 0), c("male", "female")), age_years = z1, waiting_days = z7,
  methotrexate = factor(z10, 0:1, c("no", "yes")), fab_4_5 = factor(z8, 0:1, c("no", "yes")),
  age_over_cut = factor(z1 > 8, c(FALSE, TRUE), c("no", "yes")), acute_gvhd = factor(da, 0:1, c("no", "yes")), everyone = factor("all"))
ends <- list(PFS = c("t2", "d3"), OS = c("t1", "d1"))
columns <- c("disease_group", "acute_gvhd", "everyone")

rates <- list(); tests <- list(); pairs <- list(); medians <- list(); follow <- list()
for (end in names(ends)) for (column in columns) for (level in levels(b[[column]])) {
  d <- b[b[[column]] == level, ]
  d$time <- d[[ends[[end]][1]]]; d$event <- d[[ends[[end]][2]]]
  fit <- survfit(Surv(time, event) ~ 1, d)
  key <- data.frame(endpoint = end, column = column, level = level)
  s <- summary(fit, times = c(1, 2, 3) * 365.25)
  rates[[length(rates) + 1]] <- cbind(key, time = s$time, at_risk = s$n.risk, survival = s$surv, se = s$std.err, low = s$lower, high = s$upper)
  q <- quantile(fit, 0.5)
  medians[[length(medians) + 1]] <- cbind(key, n = nrow(d), events = sum(d$event), value = q$quantile, low = q$lower, high = q$upper)
}
for (end in names(ends)) for (column in columns[1:2]) {
  d <- b; d$time <- d[[ends[[end]][1]]]; d$event <- d[[ends[[end]][2]]]; d$g <- d[[column]]
  fit <- survdiff(Surv(time, event) ~ g, d)
  df <- length(fit$n) - 1
  tests[[length(tests) + 1]] <- data.frame(endpoint = end, column = column, statistic = fit$chisq, df = df, p = pchisq(fit$chisq, df, lower.tail = FALSE))
  if (column == "disease_group") {
    two <- combn(levels(d$g), 2)
    p <- apply(two, 2, function(x) pchisq(survdiff(Surv(time, event) ~ g, d[d$g %in% x, ])$chisq, 1, lower.tail = FALSE))
    pairs[[length(pairs) + 1]] <- data.frame(endpoint = end, first = two[1, ], second = two[2, ], p = p, p_holm = p.adjust(p, "holm"))
  }
}
f <- quantile(survfit(Surv(t1, 1 - d1) ~ 1, b), 0.5)
save_csv(do.call(rbind, rates), "rates")
save_csv(do.call(rbind, medians), "medians")
save_csv(do.call(rbind, tests), "logrank")
save_csv(do.call(rbind, pairs), "pairs")
save_csv(data.frame(value = f$quantile, low = f$lower, high = f$upper), "follow_up")

models <- list(
  group = "disease_group", group_age = c("disease_group", "age_years"),
  adjusted = c("disease_group", "age_years", "sex", "fab_4_5", "methotrexate", "waiting_days"), acute_gvhd = "acute_gvhd",
  over_8 = "age_over_cut")  # 135 against 2: the first Newton step overshoots
cox <- list(); zph <- list()
for (end in names(ends)) for (name in names(models)) for (ties in c("efron", "breslow")) {
  d <- b; d$time <- d[[ends[[end]][1]]]; d$event <- d[[ends[[end]][2]]]
  fit <- coxph(as.formula(paste("Surv(time, event) ~", paste(models[[name]], collapse = " + "))), d, ties = ties, control = exact, x = TRUE)
  se <- sqrt(diag(vcov(fit)))
  key <- data.frame(endpoint = end, model = name, ties = ties)
  cox[[length(cox) + 1]] <- cbind(key, term = names(coef(fit)), coef = coef(fit), se = se, hr = exp(coef(fit)), ci_low = exp(coef(fit) - qnorm(0.975) * se),
    ci_high = exp(coef(fit) + qnorm(0.975) * se), p = 2 * pnorm(-abs(coef(fit) / se)), n = fit$n, events = fit$nevent, loglik = fit$loglik[2], concordance = concordance(fit)$concordance)
  t <- cox.zph(fit)$table
  if (length(models[[name]]) > 1) zph[[length(zph) + 1]] <- cbind(key, covariate = rownames(t), statistic = t[, 1], df = t[, 2], p = t[, 3])
}
save_csv(do.call(rbind, cox), "cox")
save_csv(do.call(rbind, zph), "cox_zph")
