# Kaplan-Meier limits under each usual formula, and score against Wald tests: survival's own, for the audit's arithmetic.
# Run in this folder: Rscript published_curves.R
library(survival)
head_line <- paste("#", R.version.string, "survival", packageVersion("survival"))
limits <- function(data, name, times) {
  do.call(rbind, lapply(c("plain", "log", "log-log", "logit", "arcsin"), function(type) {
    fit <- survfit(Surv(time, event) ~ 1, data, conf.type = type)
    s <- summary(fit, times = times)
    data.frame(case = name, n = nrow(data), formula = type, milestone = times, events = s$n.event, surv = s$surv,
               greenwood = (s$std.err / s$surv)^2, lower = s$lower, upper = s$upper)
  }))
}
cases <- list(
  lung = with(lung, data.frame(time = time, event = status == 2)),
  veteran = with(veteran, data.frame(time = time, event = status == 1))
)
curves <- rbind(limits(cases$lung, "lung", c(150, 300, 450)), limits(cases$veteran, "veteran", c(50, 100, 150)))

set.seed(1)
untie <- function(time) time + rank(time, ties.method = "random") * 1e-6
lung$time <- untie(lung$time)
veteran$time <- untie(veteran$time)
split_test <- function(name, time, event, x) {
  keep <- !is.na(x)
  fit <- coxph(Surv(time[keep], event[keep]) ~ x[keep])
  data.frame(case = name, d1 = sum(event[keep] & x[keep] == 1), d0 = sum(event[keep] & x[keep] == 0), beta = unname(coef(fit)),
             variance = fit$var[1, 1], score = fit$score, wald = unname(fit$wald.test))
}
l <- list(sex = lung$sex == 2, age = lung$age > 63, ecog = lung$ph.ecog >= 1, karno = lung$ph.karno < 80,
          few = seq_len(nrow(lung)) %% 9 == 0)
v <- list(trt = veteran$trt == 2, prior = veteran$prior == 10, karno = veteran$karno < 60, squamous = veteran$celltype == "squamous",
          small = veteran$celltype == "smallcell", age = veteran$age > 60)
tests <- rbind(
  do.call(rbind, lapply(names(l), function(k) split_test(paste0("lung.", k), lung$time, lung$status == 2, as.numeric(l[[k]])))),
  do.call(rbind, lapply(names(v), function(k) split_test(paste0("veteran.", k), veteran$time, veteran$status == 1, as.numeric(v[[k]]))))
)
save <- function(frame, path) {
  num <- vapply(frame, is.double, TRUE)
  frame[num] <- lapply(frame[num], function(v) sprintf("%.15g", v))
  file <- file(path, "w")
  writeLines(head_line, file)
  write.csv(frame, file, row.names = FALSE, quote = FALSE)
  close(file)
}
factor_test <- function(name, time, event, level) {
  keep <- !is.na(level)
  level <- factor(level[keep])
  fit <- coxph(Surv(time[keep], event[keep]) ~ level)
  d <- tapply(event[keep], level, sum)
  data.frame(case = paste(name, levels(level)[-1], sep = "."), d_row = as.numeric(d[-1]), d_reference = as.numeric(d[1]),
             beta = unname(coef(fit)), variance = unname(diag(fit$var)))
}
factors <- rbind(
  factor_test("lung.ecog", lung$time, lung$status == 2, ifelse(lung$ph.ecog > 2, NA, lung$ph.ecog)),
  factor_test("lung.age", lung$time, lung$status == 2, cut(lung$age, c(0, 55, 65, 99))),
  factor_test("lung.small", lung$time, lung$status == 2, cut(seq_len(nrow(lung)) %% 24, c(-1, 1, 6, 24))),
  factor_test("veteran.karno", veteran$time, veteran$status == 1, cut(veteran$karno, c(0, 40, 70, 100))),
  factor_test("veteran.age", veteran$time, veteran$status == 1, cut(veteran$age, c(0, 45, 62, 99)))
)
save(curves, "published_curves.csv")
save(tests, "published_score.csv")
factors$case <- gsub(",", " ", factors$case)
save(factors, "published_factor.csv")
