# R's part of benchmarks/bench.py: Rscript benchmarks/bench.R <task> <folder>; prints one "name value" per line (CPU seconds).
suppressMessages(library(survival))
task <- commandArgs(TRUE)[1]
folder <- commandArgs(TRUE)[2]
read <- function(name, n) readBin(file.path(folder, name), "double", n)
cpu <- function(expression) { gc(FALSE); sum(system.time(expression, gcFirst = FALSE)[c("user.self", "sys.self")]) }
fit <- function(x, y) coxph.fit(x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL)
peak <- function() {
  line <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
say <- function(name, value) cat(name, format(value, digits = 15), "\n")

if (task == "small") {
  size <- scan(file.path(folder, "small.txt"), quiet = TRUE)
  n <- size[1]; p <- size[2]; resamples <- size[3]
  x <- matrix(read("x", n * p), n, byrow = TRUE)
  y <- Surv(read("time", n), read("event", n))
  counts <- matrix(read("counts", resamples * n), resamples, byrow = TRUE)
  labels <- matrix(read("labels", resamples * n), resamples, byrow = TRUE)
  xs <- lapply(seq_len(resamples), function(r) x[rep(seq_len(n), counts[r, ]), ])
  ys <- lapply(seq_len(resamples), function(r) y[rep(seq_len(n), counts[r, ])])
  invisible(fit(xs[[1]], ys[[1]]))
  say("coxph.fit", cpu(for (r in seq_len(resamples)) suppressWarnings(fit(xs[[r]], ys[[r]]))) / resamples)
  few <- min(resamples, 100)
  say("coxph", cpu(for (r in seq_len(few)) suppressWarnings(coxph(ys[[r]] ~ xs[[r]]))) / few)
  say("survdiff", cpu(for (r in seq_len(resamples)) survdiff(y ~ labels[r, ])) / resamples)
  say("survfit", cpu(for (r in seq_len(few)) summary(survfit(ys[[r]] ~ 1), times = c(100, 300), extend = TRUE)) / few)
  exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60)
  coefs <- sapply(seq_len(few), function(r) suppressWarnings(coxph(ys[[r]] ~ xs[[r]], control = exact)$coefficients))
  writeBin(as.vector(coefs), file.path(folder, "coef_r"))
  say("R", paste(R.version$major, R.version$minor, sep = ".")); say("survival", as.character(packageVersion("survival")))
} else {
  size <- scan(file.path(folder, "large.txt"), quiet = TRUE)
  n <- size[1]; p <- size[2]
  x <- matrix(read("large_x", n * p), n, byrow = TRUE)
  y <- Surv(read(paste0("large_", task), n), read("large_event", n))
  gc(FALSE)
  before <- peak()
  cpu(fit(x, y))  # the first call waits for fresh memory
  say("peak", peak())
  times <- sapply(1:3, function(k) { gc(FALSE); system.time(fit(x, y), gcFirst = FALSE) })
  say("coxph.fit", median(times["user.self", ] + times["sys.self", ]))
  say("wall", median(times["elapsed", ]))
  say("before", before)
}
