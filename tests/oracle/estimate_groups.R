# Group comparisons by base R and nortest, for helpers.estimate.groups; also writes the data that estimate_groups.sps reads.
# Run in this folder, before estimate_groups.sps: Rscript estimate_groups.R
library(nortest)
header <- paste0("# ", R.version.string, "; nortest ", packageVersion("nortest"))
save_csv <- function(x, name) {
  path <- paste0("estimate_", name, ".csv")
  writeLines(header, path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = TRUE))
}
set.seed(20251029)
n <- 61
group <- rep(1:2, c(33, 28))
normal <- round(rnorm(n, 10 + group, 2), 2)
skewed <- round(exp(rnorm(n, 1 + 0.5 * group, 1.1)), 1)
before <- round(exp(rnorm(n, 3, 1)), 1)
after <- pmax(round(before * exp(rnorm(n, -0.5, 0.8)), 1), 2.5)
after[c(3, 17, 40)] <- before[c(3, 17, 40)]
d <- data.frame(group, normal, skewed, before, after)
write.csv(d, "estimate_groups_data.csv", row.names = FALSE, quote = FALSE)

rows <- list()
add <- function(case, statistic, p, df = NA) rows[[length(rows) + 1]] <<- data.frame(case, statistic = unname(statistic), p = unname(p), df = unname(df))
for (name in c("normal", "skewed")) {
  x <- d[[name]][group == 1]; y <- d[[name]][group == 2]
  for (pooled in c(TRUE, FALSE)) { t <- t.test(x, y, var.equal = pooled); add(paste0(name, if (pooled) ".t" else ".welch"), t$statistic, t$p.value, t$parameter) }
  w <- wilcox.test(x, y, exact = FALSE, correct = FALSE); add(paste0(name, ".mann_whitney"), w$statistic, w$p.value)
  l <- lillie.test(d[[name]]); add(paste0(name, ".lilliefors"), l$statistic, l$p.value)
  l <- lillie.test(x); add(paste0(name, ".lilliefors_first"), l$statistic, l$p.value)
  k <- kruskal.test(d[[name]], d$group); add(paste0(name, ".kruskal"), k$statistic, k$p.value, k$parameter)
}
t <- t.test(after, before, paired = TRUE); add("paired.t", t$statistic, t$p.value, t$parameter)
# the data have one decimal; without digits.rank R ranks the noise of their binary fractions
w <- wilcox.test(after, before, paired = TRUE, exact = FALSE, correct = FALSE, digits.rank = 9); add("paired.wilcoxon", w$statistic, w$p.value)
for (case in list(list("all", seq_len(n)), list("few", 1:12))) {
  # ratio after / before: Hodges-Lehmann of the log ratios, interval by the exact distribution of the signed ranks
  x <- log(after[case[[2]]]) - log(before[case[[2]]]); k <- length(x)
  walsh <- sort(outer(x, x, "+")[upper.tri(diag(k), diag = TRUE)] / 2)
  low <- max(qsignrank(0.025, k), 1)
  add(paste0("ratio.", case[[1]]), exp(median(walsh)), exp(walsh[low]), exp(walsh[length(walsh) + 1 - low]))
  up <- sum(after[case[[2]]] > before[case[[2]]]); down <- sum(after[case[[2]]] < before[case[[2]]])
  add(paste0("sign.", case[[1]]), up, binom.test(up, up + down)$p.value)
}
x <- c(1.3, -0.4, 2.2, 0.9, 3.1, -1.7, 0.2, 1.1) # no ties: wilcox.test gives the exact interval itself
w <- wilcox.test(x, conf.int = TRUE); add("hodges_lehmann.free", w$estimate, w$conf.int[1], w$conf.int[2])
save_csv(do.call(rbind, rows), "groups")

probs <- c(0, 0.025, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1)
save_csv(data.frame(variable = rep(c("normal", "skewed"), each = length(probs)), q = rep(probs, 2),
  value = c(quantile(normal, probs, type = 7), quantile(skewed, probs, type = 7))), "groups_quantiles")
