# A small SAS file of three invented patients; made by haven 2.5.1, whose write_sas is experimental.
if (!requireNamespace("haven", quietly = TRUE)) quit()  # the stored file stays
library(haven)
x <- data.frame(USUBJID=c("M-1","M-2","M-3"), SEX=c("F","M","F"), AGE=c(7.5,9,12), TRTSDT=as.Date(c("2020-01-15","2020-02-20","2020-03-25")), LSTALVDT=as.Date(c("2021-01-14","2020-03-21","2021-03-25")), DTHFL=c("N","Y","N"), CRSGR=c(2,NA,0))
attr(x$LSTALVDT,"label") <- "Date Last Known Alive"
attr(x$CRSGR,"label") <- "Maximum CRS grade"
suppressWarnings(write_sas(x, "import_registry.sas7bdat"))
