# Medians, restricted means, differences at milestones, losses and what becomes of the comparison had the lost stayed
# event-free, by R's survival, on the made-up cohort of tests/stand_in.py (results_frame.csv). Run here: Rscript results_times.R
library(survival)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16)
d <- read.csv("results_frame.csv", na.strings = "")
for (name in c("toxicity", "gc")) d[[name]] <- d[[name]] == "True"
for (name in c("os", "pfs", "efs")) d[[paste0(name, "_event")]] <- d[[paste0(name, "_event")]] == "True"
month <- 365.25 / 12
groups <- list(all = rep("all", nrow(d)), exposure = ifelse(d$toxicity, ifelse(d$gc, "gc", "no_gc"), NA),
  dose = ifelse(d$toxicity, as.character(cut(d$gc_dose_mg_per_kg, c(-1, 0, 8, 1e9), c("gc_none", "gc_low", "gc_high"))), NA))
orders <- list(all = "all", exposure = c("no_gc", "gc"), dose = c("gc_none", "gc_low", "gc_high"))
out <- list()
put <- function(id, value) out[[length(out) + 1]] <<- data.frame(id = id, value = as.numeric(value))
# the upper limit: the first time at which it has come down to one half, as print(survfit) has it; quantile() takes the last,
# where the limit rises again
median_of <- function(fit) {
  q <- quantile(fit, 0.5)
  down <- fit$time[!is.na(fit$upper) & fit$upper <= 0.5 + 1e-8]
  c(q$quantile, q$lower, if (length(down)) down[1] else NA) / month
}
for (kind in names(groups)) for (g in orders[[kind]]) {
  inside <- d[which(groups[[kind]] == g), ]
  for (end in c("os", "pfs", "efs")) {
    put(paste0("extra.median.", end, ".", g, c(".median", ".ci_low", ".ci_high")),
      median_of(survfit(Surv(inside[[paste0(end, "_days")]], inside[[paste0(end, "_event")]]) ~ 1)))
  }
  fit <- survfit(Surv(pfs_days, pfs_event) ~ 1, inside)
  base <- d[which(groups[[kind]] == orders[[kind]][1]), ]
  reference <- survfit(Surv(pfs_days, pfs_event) ~ 1, base)
  for (m in c(12, 24, 36)) {
    r <- summary(fit, rmean = m * month)$table[c("rmean", "se(rmean)")] / month
    put(paste0("extra.rmst.", g, ".", m, "m", c("", ".se", ".ci_low", ".ci_high")), c(r, r[1] + c(-1, 1) * qnorm(0.975) * r[2]))
    if (g != orders[[kind]][1]) {
      r0 <- summary(reference, rmean = m * month)$table[c("rmean", "se(rmean)")] / month
      gain <- r[1] - r0[1]; se <- sqrt(r[2]^2 + r0[2]^2)
      put(paste0("extra.rmst.", g, ".", m, "m.difference", c("", ".se", ".ci_low", ".ci_high", ".p")),
        c(gain, se, gain + c(-1, 1) * qnorm(0.975) * se, 2 * pnorm(-abs(gain) / se)))
    }
  }
  if (g != orders[[kind]][1]) for (y in 1:3) {
    a <- summary(fit, times = y * 365.25); b <- summary(reference, times = y * 365.25)
    gain <- 100 * (a$surv - b$surv); se <- 100 * sqrt(a$std.err^2 + b$std.err^2)
    put(paste0("extra.difference.", g, ".", y, "y", c("", ".se", ".ci_low", ".ci_high", ".p")),
      c(gain, se, gain + c(-1, 1) * qnorm(0.975) * se, 2 * pnorm(-abs(gain) / se)))
  }
  lost <- !inside$pfs_event & inside$pfs_days < 365.25 & inside$pfs_days < inside$cutoff_day
  put(paste0("extra.lost.", g, ".n"), sum(lost))
  put(paste0("extra.lost.", g, ".pct"), 100 * mean(lost))
  put(paste0("extra.lost.", g, ".followup", c(".median", ".ci_low", ".ci_high")), median_of(survfit(Surv(pfs_days, !pfs_event) ~ 1, inside)))
}
lost <- !d$pfs_event & d$pfs_days < 365.25 & d$pfs_days < d$cutoff_day
d$stayed <- ifelse(lost, d$cutoff_day, d$pfs_days)
for (kind in c("exposure", "dose")) {
  d$g <- factor(groups[[kind]], orders[[kind]])
  fit <- coxph(Surv(stayed, pfs_event) ~ g, d, control = exact)
  s <- summary(fit)
  for (k in 2:length(orders[[kind]])) {
    place <- paste0("extra.lost.event_free.", orders[[kind]][k])
    put(paste0(place, c(".hr", ".ci_low", ".ci_high", ".p")), c(s$conf.int[k - 1, c(1, 3, 4)], s$coefficients[k - 1, "Pr(>|z|)"]))
    pair <- droplevels(d[which(d$g %in% orders[[kind]][c(1, k)]), ])
    put(paste0(place, ".logrank_p"), pchisq(survdiff(Surv(stayed, pfs_event) ~ g, pair)$chisq, 1, lower.tail = FALSE))
  }
}
path <- "results_times.csv"
writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival")), path)
suppressWarnings(write.table(do.call(rbind, out), path, sep = ",", row.names = FALSE, append = TRUE, quote = FALSE, na = ""))
