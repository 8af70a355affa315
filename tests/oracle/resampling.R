# Oracle of tests/test_resampling.py: R's survival on 200 resamples of four real data sets.
# Run in this folder: Rscript resampling.R
# Resamples are made by a generator that both sides can run exactly (minimal standard, 48271 mod 2^31 - 1).
suppressMessages(library(survival))
resamples <- 200

draws <- function(n, resamples, seed) {
  state <- seed
  counts <- matrix(0L, resamples, n)
  for (r in seq_len(resamples)) {
    for (k in seq_len(n)) {
      state <- (48271 * state) %% 2147483647
      row <- floor(state * n / 2147483647) + 1
      counts[r, row] <- counts[r, row] + 1L
    }
  }
  counts
}

control <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60, timefix = FALSE)

cox <- function(y, x, ties) {
  failed <- FALSE
  fit <- tryCatch(withCallingHandlers(
    coxph(y ~ x, ties = ties, control = control),
    warning = function(w) { failed <<- TRUE; invokeRestart("muffleWarning") }), error = function(e) NULL)
  if (is.null(fit)) return(c(TRUE, rep(NA, 2 * ncol(x))))
  se <- sqrt(diag(fit$var))
  c(failed || anyNA(coef(fit)) || any(se == 0), unname(coef(fit)), se)
}

exactly <- function(frame) {
  frame[] <- lapply(frame, function(v) sub("^NaN$|^NA$|^Inf$", "", sprintf("%.17g", v)))
  frame
}

run <- function(name, time, event, x, seed) {
  x <- as.matrix(x)
  write.csv(exactly(data.frame(time = time, event = event, x)), sprintf("resampling_%s_rows.csv", name), row.names = FALSE, quote = FALSE)
  counts <- draws(nrow(x), resamples, seed)
  y <- Surv(time, event)
  rows <- lapply(seq_len(resamples), function(r) {
    index <- rep(seq_len(nrow(x)), counts[r, ])
    c(cox(y[index], x[index, , drop = FALSE], "efron"), cox(y[index], x[index, , drop = FALSE], "breslow"))
  })
  frame <- as.data.frame(do.call(rbind, rows))
  names(frame) <- unlist(lapply(c("efron", "breslow"), function(ties)
    paste(ties, c("separated", paste0("coef", seq_len(ncol(x))), paste0("se", seq_len(ncol(x)))), sep = "_")))
  con <- gzfile(sprintf("resampling_%s.csv.gz", name), "w")
  write.csv(exactly(frame), con, row.names = FALSE, quote = FALSE, na = "")
  close(con)
  cat(name, nrow(x), "rows,", ncol(x), "covariates, separated:", sum(frame$efron_separated), "\n")
}

l <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog", "wt.loss")])
run("lung", l$time, l$status - 1, l[c("age", "sex", "ph.ecog", "wt.loss")], 12)
v <- veteran
run("veteran", v$time, v$status,
    cbind(trt = v$trt, small = v$celltype == "smallcell", adeno = v$celltype == "adeno",
          large = v$celltype == "large", karno = v$karno, age = v$age), 13)
p <- na.omit(pbc[c("time", "status", "age", "bili", "albumin", "edema", "protime", "sex")])
run("pbc", p$time, as.integer(p$status == 2),
    cbind(age = p$age, log_bili = log(p$bili), log_albumin = log(p$albumin), edema = p$edema, log_protime = log(p$protime)), 15)
o <- ovarian
run("ovarian", o$futime, o$fustat, cbind(age = o$age, residual = o$resid.ds, rx = o$rx, ecog = o$ecog.ps), 17)

con <- file("resampling_versions.csv", "w")
writeLines(c("program,version", paste0("R,", getRversion()), paste0("survival,", packageVersion("survival"))), con)
close(con)
