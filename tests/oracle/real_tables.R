# Public tables as R's survival ships them, written to data/real as they are: the raw material of the cohorts there.
# Run in this folder: Rscript real_tables.R
library(survival)
save_csv <- function(x, name) write.table(x, paste0("../../data/real/", name, ".csv"), sep = ",", row.names = FALSE, na = "", quote = FALSE)
save_csv(transform(jasa, birth.dt = NULL, accept.dt = NULL, tx.date = NULL, fu.date = NULL, year = as.numeric(format(accept.dt, "%Y"))), "jasa")
save_csv(mgus2, "mgus2")
save_csv(rotterdam, "rotterdam")
save_csv(myeloid, "myeloid")
