# p-values of the tables of counts that Tables 3 and 4 print, and of others, by R's own functions.
# Run in this folder: Rscript contingency.R
cases <- list(
  table3.gc = rbind(c(53, 2), c(40, 6)),
  table3.tcz = rbind(c(74, 4), c(19, 4)),
  table3.rux = rbind(c(26, 0), c(67, 8)),
  table4.onset = rbind(c(27, 0), c(26, 2)),
  table4.duration = rbind(c(30, 0), c(23, 2)),
  table4.dose = rbind(c(40, 6), c(41, 1), c(12, 1)),
  even = rbind(c(10, 10), c(10, 10)),
  job = rbind(c(1, 2, 1, 0), c(3, 3, 6, 1), c(10, 10, 14, 9)),
  large = rbind(c(120, 90), c(80, 110)),
  wide = rbind(c(3, 9, 4, 1), c(8, 2, 6, 5))
)
g_test <- function(x) {
  e <- outer(rowSums(x), colSums(x)) / sum(x)
  g <- 2 * sum(ifelse(x == 0, 0, x * log(x / e)))
  pchisq(g, (nrow(x) - 1) * (ncol(x) - 1), lower.tail = FALSE)
}
row <- function(name) {
  x <- cases[[name]]
  data.frame(
    case = name, rows = nrow(x), counts = paste(t(x), collapse = " "),
    pearson = suppressWarnings(chisq.test(x, correct = FALSE))$p.value,
    yates = if (all(dim(x) == 2)) suppressWarnings(chisq.test(x, correct = TRUE))$p.value else NA,
    fisher = fisher.test(x, workspace = 2e7)$p.value,
    likelihood_ratio = g_test(x)
  )
}
out <- do.call(rbind, lapply(names(cases), row))
num <- vapply(out, is.numeric, TRUE) & names(out) != "rows"
out[num] <- lapply(out[num], function(v) ifelse(is.na(v), "", sprintf("%.15g", v)))
file <- file("contingency.csv", "w")
writeLines(paste("#", R.version.string), file)
write.csv(out, file, row.names = FALSE, quote = FALSE)
close(file)
