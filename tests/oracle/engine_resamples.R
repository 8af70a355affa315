# Oracle of tests/test_engine.py: R's survival on 500 resamples of seven real data sets.
# Run in this folder: Rscript engine_resamples.R
# Resamples are made by a generator that both sides can run exactly (minimal standard, 48271 mod 2^31 - 1).
suppressMessages(library(survival))
resamples <- 500

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

cox <- function(d, x, ties) {
  failed <- FALSE
  fit <- tryCatch(withCallingHandlers(
    coxph(d$surv ~ x, ties = ties, control = control),
    warning = function(w) { failed <<- TRUE; invokeRestart("muffleWarning") }), error = function(e) NULL)
  if (is.null(fit)) return(list(values = rep(NA, 2 * ncol(x)), separated = TRUE))
  se <- sqrt(diag(fit$var))
  list(values = c(unname(coef(fit)), se), separated = failed || anyNA(coef(fit)) || any(se == 0))
}

curve <- function(surv, at, tau) {
  fits <- lapply(c("plain", "log", "log-log"),
                 function(type) survfit(surv ~ 1, conf.type = type, timefix = FALSE))
  s <- summary(fits[[1]], times = at, extend = TRUE)
  limits <- unlist(lapply(fits, function(f) {
    l <- summary(f, times = at, extend = TRUE)
    c(l$lower, l$upper)
  }))
  mean <- summary(fits[[1]], rmean = tau)$table[c("rmean", "se(rmean)")]
  c(s$surv, s$std.err, limits, mean, sum(fits[[1]]$surv))
}

# survdiff knows no entry times; the score test of the exact partial likelihood is the log-rank test. It enumerates ties, so that
# for start-stop data it runs on the distinct rows of each resample.
test <- function(surv, group, index) {
  surv <- surv[index]
  group <- group[index]
  if (ncol(surv) == 2) return(survdiff(surv ~ group)$chisq)
  fit <- coxph(surv ~ factor(group), ties = "exact", control = coxph.control(iter.max = 0, timefix = FALSE))
  fit$score
}

start_stop <- function(d) if (is.null(d$entry)) Surv(d$time, d$event) else Surv(d$entry, d$time, d$event)

run <- function(name, d, x, group, at, tau, seed) {
  x <- as.matrix(x)
  plain <- data.frame(entry = if (is.null(d$entry)) NA else d$entry, time = d$time, event = d$event, group = group, x)
  out <- function(f) sprintf("engine_%s%s.csv.gz", name, f)
  save <- function(frame, file) {
    frame[] <- lapply(frame, function(v) sub("^NaN$|^NA$|^Inf$", "", sprintf("%.17g", v)))
    con <- gzfile(file, "w"); write.csv(frame, con, row.names = FALSE, quote = FALSE, na = ""); close(con)
  }
  save(plain, out("_rows"))
  counts <- draws(nrow(x), resamples, seed)
  p <- ncol(x)
  rows <- lapply(seq_len(resamples), function(r) {
    index <- rep(seq_len(nrow(x)), counts[r, ])
    s <- list(surv = start_stop(d)[index])
    efron <- cox(s, x[index, , drop = FALSE], "efron")
    breslow <- cox(s, x[index, , drop = FALSE], "breslow")
    c(efron$separated, efron$values, breslow$separated, breslow$values, test(start_stop(d), group, if (is.null(d$entry)) index else which(counts[r, ] > 0)), curve(s$surv, at, tau))
  })
  frame <- as.data.frame(do.call(rbind, rows))
  each <- function(stem) paste0(stem, seq_len(p))
  k <- paste0("_", at)
  names(frame) <- c("efron_separated", each("efron_coef"), each("efron_se"), "breslow_separated",
                    each("breslow_coef"), each("breslow_se"), "logrank", paste0("survival", k), paste0("se", k),
                    paste0("plain_lower", k), paste0("plain_upper", k), paste0("log_lower", k), paste0("log_upper", k),
                    paste0("loglog_lower", k), paste0("loglog_upper", k),
                    paste0("rmst_", tau), paste0("rmst_se_", tau), "curve_sum")
  save(frame, out(""))
  cat(name, nrow(x), "rows,", p, "covariates, separated:", sum(frame$efron_separated), "\n")
}

shared <- c("../../data/real/bmt.csv", commandArgs(TRUE))
bmt <- read.csv(shared[file.exists(shared)][1])
run("bmt", list(time = bmt$t2, event = bmt$d3),
    cbind(age = bmt$z1, donor_age = bmt$z2, fab = bmt$z8, low = bmt$group == 2, high = bmt$group == 3),
    bmt$group, c(180, 730), 1000, 11)
l <- na.omit(lung[c("time", "status", "age", "sex", "ph.ecog", "wt.loss")])
run("lung", list(time = l$time, event = l$status - 1), l[c("age", "sex", "ph.ecog", "wt.loss")], l$sex, c(180, 365), 500, 12)
v <- veteran
run("veteran", list(time = v$time, event = v$status),
    cbind(trt = v$trt, small = v$celltype == "smallcell", adeno = v$celltype == "adeno",
          large = v$celltype == "large", karno = v$karno, age = v$age),
    as.integer(v$celltype), c(60, 180), 200, 13)
co <- na.omit(subset(colon, etype == 2)[c("time", "status", "rx", "sex", "age", "obstruct", "nodes")])
run("colon", list(time = co$time, event = co$status),
    cbind(lev = co$rx == "Lev", lev5fu = co$rx == "Lev+5FU", sex = co$sex, age = co$age, obstruct = co$obstruct, nodes = co$nodes),
    as.integer(co$rx), c(365, 1826), 2500, 14)
p <- na.omit(pbc[c("time", "status", "age", "bili", "albumin", "edema", "protime", "sex")])
run("pbc", list(time = p$time, event = as.integer(p$status == 2)),
    cbind(age = p$age, log_bili = log(p$bili), log_albumin = log(p$albumin), edema = p$edema, log_protime = log(p$protime)),
    as.integer(p$edema * 2), c(1000, 2500), 3000, 15)
h <- heart
run("heart", list(entry = h$start, time = h$stop, event = h$event),
    cbind(age = h$age, year = h$year, surgery = h$surgery, transplant = as.integer(h$transplant) - 1),
    as.integer(h$transplant), c(30, 100), 200, 16)
o <- ovarian
run("ovarian", list(time = o$futime, event = o$fustat),
    cbind(age = o$age, residual = o$resid.ds, rx = o$rx, ecog = o$ecog.ps), o$rx, c(200, 400), 365, 17)

con <- file("engine_versions.csv", "w")
writeLines(c("program,version", paste0("R,", getRversion()), paste0("survival,", packageVersion("survival"))), con)
close(con)
