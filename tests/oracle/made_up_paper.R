# The printed numbers of a made-up paper, by R's survival on simulated patients who are then thrown away.
# Run from the root: Rscript tests/oracle/made_up_paper.R
# Writes data/synthesis/made_up/published_values.csv: what the calibration of a second paper aims at.
suppressPackageStartupMessages(library(survival))
set.seed(7)
n <- 84
arm <- sample(rep(c("old", "new"), each = n / 2))
female <- sample(rep(c("yes", "no"), c(36, n - 36)))
stage <- sample(rep(c("I", "II", "III"), c(30, 34, 20)))
hazard <- 0.45 * ifelse(arm == "new", 0.6, 1) * ifelse(female == "yes", 1.3, 1) * c(I = 0.7, II = 1, III = 1.6)[stage]
relapse <- 20 + 365.25 * rexp(n, hazard)
death <- pmin(relapse + 20 + 365.25 * rexp(n, 0.9), 30 + 365.25 * rexp(n, 0.08))
contact <- 365.25 * runif(n, 1.0, 4.0)
pfs <- ceiling(pmin(relapse, death, contact)); pfs_event <- pmin(relapse, death) <= contact
os <- ceiling(pmin(death, contact)); os_event <- death <= contact

rows <- list()
add <- function(id, what, value, decimals, kind, where) {
  text <- formatC(value, format = "f", digits = decimals)
  rows[[length(rows) + 1]] <<- data.frame(id, where, what, value = text, number = text, decimals, kind,
                                          population = "all", alias_of = "", bound = "")
}
margin <- function(label, codes) for (code in unique(codes))
  add(sprintf("table1.%s.%s.n", label, code), sprintf("%s %s, n", label, code), sum(codes == code), 0, "count", "Table 1")
add("table1.n", "patients", n, 0, "count", "Table 1")
margin("arm", arm); margin("female", female); margin("stage", stage)
curve <- function(name, time, event) for (year in 1:2) {
  s <- summary(survfit(Surv(time, event) ~ 1, conf.type = "plain"), times = 365.25 * year)
  add(sprintf("results.%s_%dy.rate", name, year), sprintf("%s at %d years, %%", name, year), 100 * s$surv, 1, "rate", "Results")
  add(sprintf("results.%s_%dy.half_width", name, year), "plus-minus", 100 * qnorm(0.975) * s$std.err, 1, "half_width", "Results")
}
curve("pfs", pfs, pfs_event); curve("os", os, os_event)
cox <- function(place, formula, names) {
  s <- summary(coxph(formula)); k <- s$conf.int
  for (j in seq_along(names)) {
    id <- sprintf("table2.%s.%s", place, names[j])
    add(paste0(id, ".hr"), paste(names[j], "HR"), k[j, 1], 2, "hr", "Table 2")
    add(paste0(id, ".ci_low"), paste(names[j], "95% CI"), k[j, 3], 2, "ci_low", "Table 2")
    add(paste0(id, ".ci_high"), paste(names[j], "95% CI"), k[j, 4], 2, "ci_high", "Table 2")
    add(paste0(id, ".p"), paste(names[j], "p"), s$coefficients[j, 5], 3, "p", "Table 2")
  }
}
cox("univariable", Surv(pfs, pfs_event) ~ I(arm == "new"), "new_arm")
cox("univariable", Surv(pfs, pfs_event) ~ I(female == "yes"), "female")
cox("univariable", Surv(pfs, pfs_event) ~ I(stage == "II") + I(stage == "III"), c("stage_2", "stage_3"))
cox("multivariable", Surv(pfs, pfs_event) ~ I(arm == "new") + I(female == "yes"), c("new_arm", "female"))
test <- survdiff(Surv(os, os_event) ~ arm)
add("results.arm.os.p", "p (log-rank), OS by arm", pchisq(test$chisq, 1, lower.tail = FALSE), 3, "p", "Results")
table <- do.call(rbind, rows)
write.csv(table, "data/synthesis/made_up/published_values.csv", row.names = FALSE, quote = 3)
cat(R.version.string, "survival", format(packageVersion("survival")), "\n")
cat(sum(pfs_event), "PFS and", sum(os_event), "OS events,", sum(os_event & os == pfs), "deaths without relapse\n")
