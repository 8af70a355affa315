# What the registry has to give for survival and Table 5, by R's survival, on the made-up cohort of tests/stand_in.py.
# results_frame.csv is its analysis frame (python tests/stand_in.py writes it). Run in this folder: Rscript results.R
library(survival)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16)
d <- read.csv("results_frame.csv", na.strings = "")
yes <- function(x) factor(x == "True", c(FALSE, TRUE), c("no", "yes"))
for (name in c("crs", "icans", "toxicity", "gc", "tcz", "rux", "prior_transplant")) d[[name]] <- yes(d[[name]])
for (name in c("os", "pfs", "efs")) d[[paste0(name, "_event")]] <- d[[paste0(name, "_event")]] == "True"
d <- transform(d,
  weight = factor(weight_kg > 27), sex = factor(sex, c("male", "female")), age = factor(age_years > 8),
  blast = factor(blast_prelymphodepletion_pct >= 5), target = factor(car_target, c("CD19", "CD19+CD22", "CD19+CD22+CD20")),
  triple = factor(car_target, c("CD19+CD22+CD20", "CD19", "CD19+CD22")), transplant = prior_transplant,
  status = cut(n_relapses, c(-1, 0, 1, 99)), dose = cut(gc_dose_mg_per_kg, c(-1, 0, 8, 1e9)),
  onset = factor(gc_time_days >= 5), duration = factor(gc_duration_days > 2),
  crs_class = factor(pmin(crs_grade, 3), 1:3), icans_class = factor(pmin(icans_grade, 3), 1:3))
toxic <- d$toxicity == "yes"
known <- !is.na(d$blast)
out <- list()
put <- function(id, value) out[[length(out) + 1]] <<- data.frame(id = id, value = value)

for (end in c("os", "efs", "pfs")) {
  d$time <- d[[paste0(end, "_days")]]; d$event <- d[[paste0(end, "_event")]]
  fit <- survfit(Surv(time, event) ~ 1, d)
  s <- summary(fit, times = c(1, 2, 3) * 365.25)
  width <- if (end == "pfs") s$surv - s$lower else qnorm(0.975) * s$std.err
  put(paste0("results.efficacy.", end, "_", 1:3, "y.rate"), 100 * s$surv)
  put(paste0("results.efficacy.", end, "_", 1:3, "y.half_width"), 100 * width)
  test <- function(formula, data) { f <- survdiff(formula, data); pchisq(f$chisq, length(f$n) - 1, lower.tail = FALSE) }
  put(paste0("results.efficacy.rux.", end, ".p"), test(Surv(time, event) ~ rux, d))
  put(paste0("extra.survival.", end, ".tcz.logrank.p"), test(Surv(time, event) ~ tcz, d))
  put(paste0("extra.survival.", end, ".gc.logrank.p"), test(Surv(time, event) ~ gc, d))
  put(paste0("extra.survival.", end, ".dose.logrank.p"), test(Surv(time, event) ~ dose, d[toxic, ]))
  levels <- levels(d$dose); names <- c("none", "low", "high"); pairs <- combn(3, 2)
  p <- apply(pairs, 2, function(k) test(Surv(time, event) ~ dose, droplevels(d[toxic & d$dose %in% levels[k], ])))
  labels <- apply(pairs, 2, function(k) paste(names[k], collapse = "_vs_"))
  put(paste0("extra.survival.", end, ".dose.", labels, ".p"), p)
  put(paste0("extra.survival.", end, ".dose.", labels, ".p_holm"), p.adjust(p, "holm"))
  put(paste0("results.gc_impact.low_vs_nongc.", end, ".p"), p[1])
  put(paste0("extra.survival.", end, ".dose_tcz_no_rux.logrank.p"),
      test(Surv(time, event) ~ dose, droplevels(d[d$gc == "yes" & d$tcz == "yes" & d$rux == "no", ])))
  put(paste0("extra.survival.", end, ".onset.logrank.p"), test(Surv(time, event) ~ onset, d[d$gc == "yes", ]))
  put(paste0("extra.survival.", end, ".duration.logrank.p"), test(Surv(time, event) ~ duration, d[d$gc == "yes", ]))
}
q <- quantile(survfit(Surv(os_days, !os_event) ~ 1, d), 0.5)
put(paste0("extra.followup.reverse_km.", c("median", "ci_low", "ci_high")), c(q$quantile, q$lower, q$upper) / (365.25 / 12))
put(paste0("results.efficacy.followup.", c("median", "low", "high")), quantile(d$followup_days, c(0.5, 0.25, 0.75), type = 7) / (365.25 / 12))

d$time <- d$pfs_days; d$event <- d$pfs_event
cells <- function(fit, keys) {
  s <- summary(fit)
  ci <- s$conf.int; p <- s$coefficients[, "Pr(>|z|)"]
  for (k in seq_along(keys)) if (!is.na(keys[k])) {
    put(paste0(keys[k], c(".hr", ".ci_low", ".ci_high", ".p")), c(ci[k, 1], ci[k, 3], ci[k, 4], p[k]))
  }
}
uni <- function(term, keys, who) {
  cells(coxph(as.formula(paste("Surv(time, event) ~", term)), d[who, ], control = exact), keys)
}
at <- function(...) paste0("table5.univariate.", c(...))
# the rows are about those with known blasts, whose 38 events their intervals fit (the curves have 40)
uni("weight", at("weight_gt27"), known); uni("sex", at("female"), known); uni("blast", at("blast_ge5"), known)
uni("age", at("age_gt8"), known); uni("target", at("target_cd19_22", "target_cd19_22_20"), known)
uni("transplant", at("transplant"), known); uni("status", at("first_relapse", "second_relapse"), known)
uni("dose", c(at("gc_low"), "extra.table5.univariate.gc_high"), toxic & known)
uni("onset", at("gc_onset_gt4"), d$gc == "yes" & known); uni("duration", at("gc_dur_gt2"), d$gc == "yes" & known)
uni("rux", at("rux"), toxic & known); uni("tcz", at("tcz"), toxic & known); uni("crs", at("crs"), known)
uni("crs_class", at("crs_g2", "crs_g3"), d$crs == "yes" & known); uni("icans", at("icans"), known)
uni("icans_class", at("icans_g2", "icans_g3"), d$icans == "yes" & known)
uni("triple", paste0("extra.table5.univariate.target_ref_triple.", c("cd19", "cd19_22")), known)

# every covariate that can enter, so that the screen does not decide: screening_p = 1
joint <- coxph(Surv(time, event) ~ weight + sex + blast + age + target + transplant + status + dose + rux + tcz + crs_class + icans,
  droplevels(d[toxic & d$dose != levels(d$dose)[3], ]), control = exact)
many <- function(...) paste0("screen_1.", c(...))
cells(joint, many("extra.table5.multivariable.weight_gt27", "table5.multivariable.female", "table5.multivariable.blast_ge5",
  "table5.multivariable.age_gt8", "extra.table5.multivariable.target_cd19_22", "extra.table5.multivariable.target_cd19_22_20",
  "extra.table5.multivariable.transplant", "extra.table5.multivariable.first_relapse", "extra.table5.multivariable.second_relapse",
  "table5.multivariable.gc_low", "extra.table5.multivariable.rux", "extra.table5.multivariable.tcz",
  "extra.table5.multivariable.crs_g2", "extra.table5.multivariable.crs_g3", "extra.table5.multivariable.icans"))
put("screen_1.extra.table5.multivariable.n", joint$n)
put("screen_1.extra.table5.multivariable.events", joint$nevent)
put("screen_1.extra.table5.multivariable.events_per_variable", joint$nevent / length(coef(joint)))
put("screen_1.extra.table5.multivariable.concordance", concordance(joint)$concordance)
z <- cox.zph(joint)$table
put("screen_1.extra.ph.blast.p", z["blast", "p"]); put("screen_1.extra.ph.global.p", z["GLOBAL", "p"])

path <- "results.csv"
writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival")), path)
suppressWarnings(write.table(do.call(rbind, out), path, sep = ",", row.names = FALSE, append = TRUE, quote = FALSE))
