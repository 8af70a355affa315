# What the exercises ask, from R: fixed tables of the paper and real or invented data, none of the default cohort's.
# Rscript --vanilla teaching.R, in tests/oracle; writes teaching.csv.
library(survival)
data <- "../../notebooks/exercises/data/"
found <- list()
put <- function(question, value) found[[length(found) + 1]] <<- data.frame(question, value = format(value, digits = 15))

k <- 0:110
put("q01_1", k[which.min(abs(100 * k / 110 - 93.45))])
put("q01_2", 100 * 103 / 110)
possible <- function(n) any(abs(round(100 * (0:n) / n, 2) - 93.56) < 1e-9)
put("q01_3", which(sapply(1:3000, possible))[1])

table <- matrix(c(53, 40, 2, 6), 2)
put("q05_1", suppressWarnings(chisq.test(table))$expected[2, 2])
put("q05_2", suppressWarnings(chisq.test(table))$p.value)
put("q05_2:pearson", suppressWarnings(chisq.test(table, correct = FALSE))$p.value)
put("q05_2:fisher", fisher.test(table)$p.value)

eight <- read.csv(paste0(data, "04_eight_children.csv"))
curve <- summary(survfit(Surv(months, failed) ~ 1, eight))
put("q04_1", curve$n.risk[1])
put("q04_2", curve$surv)

test <- survdiff(Surv(months, failed) ~ group, eight)
tied <- eight$months[eight$failed == 1][duplicated(eight$months[eight$failed == 1])]
there <- eight[eight$months >= tied, ]
put("q06_1", 2 * mean(there$group == "A"))
put("q06_2", test$exp[1])
put("q06_3", test$chisq)

bmt <- read.csv(paste0(data, "09_bmt.csv"))
bmt$id <- seq_len(nrow(bmt))
put("q09_1", exp(coef(coxph(Surv(days, failed) ~ cgvhd, bmt))))
split <- tmerge(bmt[, c("id", "age_years")], bmt, id = id, ev = event(days, failed))
split <- tmerge(split, bmt, id = id, on = tdc(cgvhd_day))
put("q09_2", exp(coef(coxph(Surv(tstart, tstop, ev) ~ on, split))))
there <- bmt[bmt$days > 180, ]
there$by <- as.integer(!is.na(there$cgvhd_day) & there$cgvhd_day <= 180)
put("q09_3", exp(coef(coxph(Surv(days - 180, failed) ~ by, there))))

hidden <- read.csv(paste0(data, "12_hidden_truth.csv"))
put("q12_1", exp(coef(coxph(Surv(months, failed) ~ drug, hidden))))
chance <- ave(hidden$drug, hidden$grade_before)
hidden$w <- ifelse(hidden$drug == 1, 1 / chance, 1 / (1 - chance))
put("q12_3", exp(coef(coxph(Surv(months, failed) ~ drug, hidden, weights = w, robust = TRUE))))

eight$drug <- as.integer(eight$group == "B")
none <- coxph.control(iter.max = 0)
exact <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 50)
at_half <- coxph(Surv(months, failed) ~ drug, eight, ties = "breslow", init = log(0.5), control = none)
first <- min(eight$months[eight$failed == 1])
risk <- predict(at_half, type = "risk", reference = "zero")
put("q13_1", risk[eight$months == first & eight$failed == 1] / sum(risk[eight$months >= first]))
put("q13_2", at_half$loglik[2])
put("q13_3", exp(coef(coxph(Surv(months, failed) ~ drug, eight, ties = "breslow", control = exact))))
put("q13_3:by_efron", exp(coef(coxph(Surv(months, failed) ~ drug, eight, ties = "efron", control = exact))))

# The trial that does not exist: what is printed against everything that rounds to it.
percents <- read.csv(paste0(data, "16_percents.csv"))
put("q16_1", percents$row[abs(percents$percent - 100 * percents$count / percents$assessed) > 0.05 + 1e-9])
means <- read.csv(paste0(data, "16_means.csv"))
some <- mapply(function(n, mean) any(abs((0:(10 * n)) / n - mean) < 0.005 + 1e-9), means$n, means$mean)
put("q16_2", means$row[!some])
effects <- read.csv(paste0(data, "16_effects.csv"))
inner <- seq(-0.005, 0.005, length.out = 21)
grid <- expand.grid(a = inner, b = inner, c = inner)
middle <- function(e) min(abs(log(e$hr + grid$a) - (log(e$low + grid$b) + log(e$high + grid$c)) / 2)) < 1e-4
outside <- !sapply(seq_len(nrow(effects)), function(i) middle(effects[i, ]))
put("q16_3", effects$row[outside])
p_of <- function(e) 2 * pnorm(-abs(log(e$hr + grid$a)) / ((log(e$high + grid$c) - log(e$low + grid$b)) / (2 * 1.96)))
unlike <- sapply(seq_len(nrow(effects)), function(i) {
  p <- range(p_of(effects[i, ]))
  effects$p[i] < p[1] - 0.0005 || effects$p[i] > p[2] + 0.0005
})
put("q16_4", effects$row[unlike & !outside])
out <- file("teaching.csv", "w")
writeLines(paste0("# R ", getRversion(), ", survival ", packageVersion("survival"), ": teaching.R"), out)
write.csv(do.call(rbind, found), out, row.names = FALSE, quote = FALSE)
close(out)
