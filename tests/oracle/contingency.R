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
  wide = rbind(c(3, 9, 4, 1), c(8, 2, 6, 5)),
  three = rbind(c(30, 10, 5), c(25, 20, 7), c(15, 9, 11)),
  many = rbind(c(60, 30, 20), c(45, 55, 25), c(30, 35, 50)),
  eight = rbind(c(20, 15, 18, 30, 22, 9, 14, 16), c(18, 25, 11, 20, 27, 13, 10, 25)),
  tall = rbind(c(2, 3, 1), c(1, 4, 2), c(3, 1, 5), c(2, 2, 2), c(1, 1, 6))
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
    fisher = fisher.test(x, workspace = 2e8)$p.value,
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

# strata of 2x2 tables: the last has a difference below one half, from which mantelhaen.test takes nothing off
strata <- list(
  berkeley = UCBAdmissions,
  two = array(c(10, 6, 5, 9, 8, 7, 2, 3), c(2, 2, 2)),
  one = array(c(27, 26, 1, 2), c(2, 2, 1)),
  near = array(c(10, 9, 5, 5, 7, 8, 4, 4), c(2, 2, 2))
)
rows <- lapply(names(strata), function(name) {
  x <- strata[[name]]
  if (dim(x)[3] == 1) { # mantelhaen.test wants two strata; one in which nobody responded adds nothing
    y <- array(0, c(2, 2, 2)); y[, , 1] <- x; y[, 1, 2] <- c(3, 4)
    m <- mantelhaen.test(y, correct = TRUE)
  } else m <- mantelhaen.test(x, correct = TRUE)
  data.frame(case = name, counts = paste(aperm(x, c(2, 1, 3)), collapse = " "), odds_ratio = sprintf("%.15g", m$estimate),
    statistic = sprintf("%.15g", m$statistic), p = sprintf("%.15g", m$p.value))
})
file <- file("contingency_strata.csv", "w")
writeLines(paste("#", R.version.string), file)
write.csv(do.call(rbind, rows), file, row.names = FALSE, quote = FALSE)
close(file)
