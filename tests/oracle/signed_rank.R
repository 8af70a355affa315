# Quantiles of the signed-rank distribution by R's qsignrank.
# Run in this folder: Rscript signed_rank.R
found <- expand.grid(q = c(0.005, 0.025, 0.05), n = c(5, 6, 10, 20, 21, 22, 50, 120, 199, 200))
found$quantile <- qsignrank(found$q, found$n)
writeLines(paste0("# ", R.version.string), "signed_rank.csv")
suppressWarnings(write.table(found, "signed_rank.csv", sep = ",", row.names = FALSE, append = TRUE, quote = FALSE))
