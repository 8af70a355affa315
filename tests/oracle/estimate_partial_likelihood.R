# Strata, weights and offsets, profile likelihood limits, times equal but for float noise, and the restricted means of pbc,
# by R's survival, for helpers.estimate. Run in this folder: Rscript estimate_partial_likelihood.R
library(survival)
options(digits = 17)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60)
save_csv <- function(x, name) {
  path <- paste0("estimate_", name, ".csv")
  writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival")), path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = TRUE))
}
read <- function(name) read.csv(paste0("estimate_data_", name, ".csv"), comment.char = "#")
lung <- transform(read("lung"), sex = factor(sex, c("male", "female")))
veteran <- transform(read("veteran"), trt = factor(trt, c("standard", "test")), celltype = factor(celltype, c("large", "squamous", "smallcell", "adeno")))

# ------------------------------------------------------------------------------------------- strata, weights, offset
d <- lung[complete.cases(lung[c("age", "sex", "ph.ecog")]), ]
rows <- list()
for (ties in c("efron", "breslow")) for (kind in c("strata", "weights", "offset")) {
  fit <- switch(kind,
    strata = coxph(Surv(time, event) ~ age + sex + strata(ph.ecog), d, ties = ties, control = exact),
    weights = coxph(Surv(time, event) ~ age + sex, d, weights = 0.5 + ph.ecog, robust = FALSE, ties = ties, control = exact),
    offset = coxph(Surv(time, event) ~ age + sex + offset(0.4 * ph.ecog), d, ties = ties, control = exact))
  se <- sqrt(diag(vcov(fit)))
  rows[[length(rows) + 1]] <- data.frame(case = paste(kind, ties), kind = kind, ties = ties, age = coef(fit)[1], female = coef(fit)[2],
    se_age = se[1], se_female = se[2], null = fit$loglik[1], loglik = fit$loglik[2])
}
save_csv(do.call(rbind, rows), "partial_likelihood")

# ------------------------------------------------------------------------------------------------ profile likelihood
profile <- function(d, covariates, column, coefficient, model, ties) {
  whole <- coxph(as.formula(paste("Surv(time, event) ~", paste(covariates, collapse = " + "))), d, ties = ties, control = exact)
  x <- model.matrix(whole)
  own <- x[, column]; rest <- x[, setdiff(colnames(x), column), drop = FALSE]
  d <- d[rownames(x), ]
  at <- function(b) {
    d$own <- b * own
    fit <- if (ncol(rest)) coxph(Surv(time, event) ~ rest + offset(own), d, ties = ties, control = exact) else coxph(Surv(time, event) ~ offset(own), d, ties = ties)
    whole$loglik[2] - tail(fit$loglik, 1) - qchisq(0.95, 1) / 2
  }
  b <- coef(whole)[column]; s <- sqrt(vcov(whole)[column, column])
  ends <- sapply(c(-1, 1), function(side) uniroot(at, sort(c(b, b + side * 4 * s)), tol = 1e-13)$root)
  data.frame(model = model, ties = ties, coefficient = coefficient, hr = exp(b), low = exp(ends[1]), high = exp(ends[2]))
}
save_csv(do.call(rbind, lapply(c("efron", "breslow"), function(ties) rbind(
  profile(lung, "sex", "sexfemale", "sex: female", "lung_sex", ties),
  profile(lung, c("age", "sex", "ph.ecog"), "age", "age", "lung_ecog", ties),
  profile(veteran, c("trt", "celltype", "karno", "diagtime", "age"), "celltypeadeno", "celltype: adeno", "veteran_all", ties)))), "profile")

# -------------------------------------------------------------------------------------------------------- float noise
set.seed(4)
f <- data.frame(day = sample(1:8, 60, TRUE) + 0.1, event = as.integer(runif(60) < 0.7), age = round(rnorm(60), 3),
  origin = ifelse(runif(60) < 0.5, 45013.7, 0))
f$old <- as.integer(f$age > 0)
save_csv(f, "data_float")
f$time <- f$day + f$origin - f$origin
stopifnot(length(unique(f$time)) > length(unique(f$day)))
out <- list()
put <- function(what, value) out[[length(out) + 1]] <<- data.frame(what = what, value = value)
for (ties in c("efron", "breslow")) put(paste0(ties, c("_old", "_age")), exp(coef(coxph(Surv(time, event) ~ old + age, f, ties = ties, control = exact))))
day <- c(100.3, 100.3, 150.6, 150.6, 150.6, 201.1, 201.1, 233.9, 290.2)
origin <- c(0, 45013.7, 45013.7, 0, 45009.3, 45013.7, 0, 0, 0)
g <- data.frame(time = day + origin - origin, event = c(1, 1, 1, 0, 1, 1, 1, 0, 1), group = strsplit("aabbababa", "")[[1]])
fit <- survfit(Surv(time, event) ~ 1, g)
put(paste0("survival_", seq_along(fit$surv)), fit$surv)
table <- summary(fit, rmean = 240)$table
put(c("rmst", "rmst_se"), table[c("rmean", "se(rmean)")])
test <- survdiff(Surv(time, event) ~ group, g)
put("logrank_p", pchisq(test$chisq, 1, lower.tail = FALSE))
save_csv(do.call(rbind, out), "float")

# ---------------------------------------------------------------------- restricted means of the randomised pbc patients
p <- data.frame(time = pbc$time[1:312] / 365.25, event = as.integer(pbc$status[1:312] == 2), arm = as.integer(pbc$trt[1:312] == 1))
save_csv(p, "data_pbc")
m <- summary(survfit(Surv(time, event) ~ arm, p), rmean = 10)$table[, c("rmean", "se(rmean)")]
gain <- m[2, 1] - m[1, 1]; se <- sqrt(sum(m[, 2]^2))
save_csv(data.frame(rmst_0 = m[1, 1], rmst_1 = m[2, 1], difference = gain, se = se, low = gain - qnorm(0.975) * se, high = gain + qnorm(0.975) * se,
  p = 2 * pnorm(-abs(gain) / se)), "restricted_difference")
