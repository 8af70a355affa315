# Time-dependent exposures and competing events by R's survival and cmprsk: known data, and cohorts made up here.
# Run in this folder: Rscript time.R
library(survival)
library(cmprsk)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-16, iter.max = 60)
head_line <- paste0("# ", R.version.string, "; survival ", packageVersion("survival"), "; cmprsk ", packageVersion("cmprsk"))
save_csv <- function(x, name) {
  path <- paste0("time_", name, ".csv")
  writeLines(head_line, path)
  suppressWarnings(write.table(x, path, sep = ",", row.names = FALSE, na = "", append = TRUE, quote = FALSE))
}
real <- function(name) read.csv(paste0("../../data/real/", name, ".csv"))
known <- list()
put <- function(key, value) known[[length(known) + 1]] <<- data.frame(key = key, value = sprintf("%.15g", value))
put_cox <- function(key, fit) {
  for (i in seq_along(coef(fit))) {
    name <- sub("TRUE$", "", names(coef(fit))[i])
    put(paste0(key, ".", name, ".coef"), coef(fit)[i])
    put(paste0(key, ".", name, ".se"), sqrt(diag(vcov(fit)))[i])
  }
  put(paste0(key, ".score"), fit$score)
}

# ---------------------------------------------------------------------------------------------------- known data
put_cox("hearts.naive", coxph(Surv(futime, fustat) ~ transplant, jasa, control = exact))
for (ties in c("efron", "breslow")) {
  put_cox(paste0("hearts.dependent.", ties), coxph(Surv(start, stop, event) ~ transplant, transform(heart, transplant = transplant == 1), ties = ties, control = exact))
}
put_cox("hearts.adjusted", coxph(Surv(start, stop, event) ~ age + surgery + transplant, transform(heart, transplant = transplant == 1), control = exact))
put_cox("hearts.robust", coxph(Surv(start, stop, event) ~ age + transplant + cluster(id), transform(heart, transplant = transplant == 1), control = exact))
wh <- heart; wh$w <- 1 + (wh$id %% 5) / 3
for (ties in c("efron", "breslow")) {
  put_cox(paste0("hearts.weighted.", ties), coxph(Surv(start, stop, event) ~ age + transplant, transform(wh, transplant = transplant == 1), weights = w, cluster = id, ties = ties, control = exact))
}
for (l in c(15, 30, 60, 90)) {
  d <- subset(jasa, futime > l); d$exposed <- !is.na(d$wait.time) & d$wait.time <= l
  put(paste0("hearts.landmark_", l, ".n"), nrow(d))
  put_cox(paste0("hearts.landmark_", l), coxph(Surv(futime - l, fustat) ~ exposed, d, control = exact))
}
for (x in 0:1) {
  s <- summary(survfit(Surv(start, stop, event) ~ 1, subset(heart, transplant == x)), times = 366)
  put(paste0("hearts.simon_makuch.", x), s$surv); put(paste0("hearts.simon_makuch.se.", x), s$std.err)
}
b <- real("bmt")
b$id <- seq_len(nrow(b))
for (x in c("acute", "chronic", "platelets")) {
  day <- b[[c(acute = "ta", chronic = "tc", platelets = "tp")[x]]]; had <- b[[c(acute = "da", chronic = "dc", platelets = "dp")[x]]] == 1
  put_cox(paste0("bmt.", x, ".ever"), coxph(Surv(t2, d3) ~ exposed, transform(b, exposed = had), control = exact))
  split <- had & day < b$t2
  rows <- rbind(with(b, data.frame(start = 0, stop = ifelse(split, day, t2) + 1, event = ifelse(split, 0, d3), exposed = FALSE)),
                with(b[split, ], data.frame(start = day[split] + 1, stop = t2 + 1, event = d3, exposed = TRUE)))
  for (ties in c("efron", "breslow")) put_cox(paste0("bmt.", x, ".dependent.", ties), coxph(Surv(start, stop, event) ~ exposed, rows, ties = ties, control = exact))
}
b$cause <- with(b, ifelse(d2 == 1, 1, ifelse(d3 == 1, 2, 0)))
cif <- function(key, time, cause, group, at) {
  fit <- cuminc(time, cause, group)
  read <- timepoints(fit, at)
  for (row in rownames(read$est)) for (col in seq_along(at)) {
    put(paste0(key, ".cif.", gsub(" ", ".", row), ".", at[col]), read$est[row, col])
    put(paste0(key, ".var.", gsub(" ", ".", row), ".", at[col]), read$var[row, col])
  }
  if (!is.null(fit$Tests)) for (row in rownames(fit$Tests)) {
    put(paste0(key, ".gray.", row, ".statistic"), fit$Tests[row, "stat"]); put(paste0(key, ".gray.", row, ".p"), fit$Tests[row, "pv"])
  }
}
cif("bmt", b$t2, b$cause, b$group, c(100, 365, 730))
m <- real("mgus2")
m$cause <- with(m, ifelse(pstat == 1, 1, ifelse(death == 1, 2, 0))); m$etime <- with(m, ifelse(pstat == 1, ptime, futime)); m$male <- m$sex == "M"
cif("mgus2", m$etime, m$cause, m$sex, c(60, 240))
put("mgus2.all.cif.240", timepoints(cuminc(m$etime, m$cause), 240)$est["1 1", 1])
put("mgus2.all.one_minus_km.240", 1 - summary(survfit(Surv(etime, cause == 1) ~ 1, m), times = 240)$surv)
fg <- finegray(Surv(etime, factor(cause, 0:2)) ~ age + male + id, data = m, etype = "1", id = id)
for (ties in c("efron", "breslow")) put_cox(paste0("mgus2.finegray.", ties), coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male, fg, weights = fgwt, cluster = id, ties = ties, control = exact))
put_cox("mgus2.cause_specific", coxph(Surv(etime, cause == 1) ~ age + male, m, control = exact))
fd <- finegray(Surv(etime, factor(cause, 0:2)) ~ age + male + id, data = m, etype = "2", id = id)
put_cox("mgus2.finegray.death", coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male, fd, weights = fgwt, cluster = id, control = exact))
put_cox("mgus2.cause_specific.death", coxph(Surv(etime, cause == 2) ~ age + male, m, control = exact))
crr_fit <- crr(m$etime, m$cause, cbind(age = m$age, male = m$male * 1)); put("mgus2.crr.age", crr_fit$coef[1]); put("mgus2.crr.male", crr_fit$coef[2])
bf <- finegray(Surv(t2, factor(cause, 0:2)) ~ group + z1 + id, data = transform(b, group = group == 2), etype = "1", id = id)
put_cox("bmt.finegray", coxph(Surv(fgstart, fgstop, fgstatus) ~ group + z1, bf, weights = fgwt, cluster = id, control = exact))

# multistate: myeloid, from randomisation through response, transplantation and relapse to death (entered in this order on one day)
y <- real("myeloid")
states <- c("response", "transplantation", "relapse", "death")
y$deathtime <- ifelse(y$death == 1, y$futime, NA)
long <- do.call(rbind, lapply(seq_len(nrow(y)), function(i) {
  days <- unlist(y[i, c("crtime", "txtime", "rltime", "deathtime")]); where <- order(days, seq_along(days)); where <- where[!is.na(days[where])]
  at <- days[where]; keep <- !duplicated(at, fromLast = TRUE); where <- where[keep]; at <- at[keep]
  data.frame(id = y$id[i], trt = y$trt[i], start = c(0, at), stop = c(at, y$futime[i]), to = c(states[where], "none"))
}))
long <- subset(long, start < stop)
fit <- survfit(Surv(start, stop, factor(to, c("none", states))) ~ trt, data = long, id = id)
s <- summary(fit, times = c(90, 365, 730))
for (i in seq_along(s$time)) for (j in seq_along(s$states)) put(paste0("myeloid.occupancy.", sub("trt=", "", s$strata[i]), ".", s$time[i], ".", sub("\\(s0\\)", "start", s$states[j])), s$pstate[i, j])

# clone, censor, weight on hearts, grace 30 days, no covariates, written out
ccw <- function(time, event, day, g) {
  n <- length(time); begins <- !is.na(day) & day <= g & day < time
  one <- data.frame(id = 1:n, arm = 1, start = 0, stop = pmin(time, g), event = ifelse(time <= g, event, 0), w = 1)
  stay <- time > g & begins
  two <- data.frame(id = which(stay), arm = 1, start = g, stop = time[stay], event = event[stay], w = sum(time > g) / sum(stay))
  out <- ifelse(begins, day, time); dead <- ifelse(begins, 0, event)
  km <- survfit(Surv(out, begins) ~ 1)
  cuts <- unique(sort(day[begins]))
  w <- survSplit(Surv(out, dead) ~ ., data.frame(out, dead, id = 1:n), cut = cuts, start = "tstart", end = "tstop", event = "status")
  w$w <- 1 / stepfun(km$time, c(1, km$surv))(w$tstart)
  rbind(one, two, data.frame(id = w$id, arm = 0, start = w$tstart, stop = w$tstop, event = w$status, w = w$w))
}
for (g in c(14, 30, 60)) {
  rows <- ccw(jasa$futime + 0.5, jasa$fustat, ifelse(jasa$transplant == 1, pmax(jasa$wait.time, 0.25), NA), g)
  put_cox(paste0("hearts.ccw_", g), coxph(Surv(start, stop, event) ~ arm, rows, weights = w, cluster = id, control = exact))
  for (a in 0:1) put(paste0("hearts.ccw_", g, ".survival.", a), summary(survfit(Surv(start, stop, event) ~ 1, rows[rows$arm == a, ], weights = w), times = 365)$surv)
}
save_csv(do.call(rbind, known), "known")

# ----------------------------------------------------------------------------------------------- cohorts made up here
set.seed(20251126)
make <- function(case, n, unit, hazard, begin, spread) {
  day <- function(rate) ceiling(rexp(n, rate) / unit) * unit
  progression <- day(hazard); death <- day(hazard / 2); last <- pmin(day(hazard / 3) + 5 * unit, 2500)
  exposure <- ifelse(runif(n) < 0.6, floor(rexp(n, begin) / unit) * unit, NA)
  on_event <- sample(n, n %/% 10); exposure[on_event] <- pmin(progression, death, last)[on_event]  # begins on the last day
  ended <- pmin(death, last)
  data.frame(case, patient = seq_len(n), progression_day = ifelse(progression <= ended, progression, NA), death_day = ifelse(death <= last, death, NA),
             last_contact_day = ended, exposure_day = exposure, group = sample(c("a", "b", "c"), n, TRUE, spread))
}
cohorts <- rbind(
  make("ties", 70, 7, 1 / 250, 1 / 20, c(1, 1, 1)), make("fractions", 55, 1 / 8, 1 / 400, 1 / 15, c(3, 1, 1)),
  make("months", 120, 30.4375, 1 / 600, 1 / 60, c(1, 2, 1)), make("day_zero", 40, 1, 1 / 90, 1 / 3, c(1, 1, 2)))
zero <- which(cohorts$case == "day_zero")[1:4]  # the very first day: an event, an exposure, both, a censoring
cohorts$progression_day[zero] <- c(0, NA, 0, NA); cohorts$death_day[zero] <- c(NA, 300, 200, NA)
cohorts$last_contact_day[zero] <- c(310, 300, 200, 0); cohorts$exposure_day[zero] <- c(NA, 0, 0, NA)
late <- make("censored_group", 64, 5, 1 / 800, 1 / 25, c(2, 2, 1))  # nobody of group c has an event; ties
late$progression_day[late$group == "c"] <- NA; late$death_day[late$group == "c"] <- NA
alone <- make("one_cause", 52, 10, 1 / 900, 1 / 12, c(1, 1, 1))  # nobody dies without progression
alone$last_contact_day <- pmax(alone$last_contact_day, alone$progression_day, na.rm = TRUE)
without <- is.na(alone$progression_day); alone$death_day[without] <- NA
cohorts <- rbind(cohorts, late, alone)
save_csv(transform(cohorts, progression_day = sprintf("%.10g", progression_day), death_day = sprintf("%.10g", death_day),
  last_contact_day = sprintf("%.10g", last_contact_day), exposure_day = sprintf("%.10g", exposure_day)), "cohorts")
WINDOW <- 60; LANDMARKS <- c(11, 30, 60)
ids <- list()
line <- function(case, endpoint, ties, id, fit, n, events) {
  se <- sqrt(vcov(fit)[1, 1]); z <- qnorm(0.975)
  ids[[length(ids) + 1]] <<- data.frame(case, endpoint, ties, id, coef = sprintf("%.15g", coef(fit)), hr = sprintf("%.15g", exp(coef(fit))), ci_low = sprintf("%.15g", exp(coef(fit) - z * se)),
    ci_high = sprintf("%.15g", exp(coef(fit) + z * se)), p = sprintf("%.15g", 2 * pnorm(-abs(coef(fit) / se))), n, events)
}
competing <- list()
for (case in unique(cohorts$case)) {
  d <- cohorts[cohorts$case == case, ]
  d$exposure_day[which(floor(d$exposure_day) > WINDOW)] <- NA  # the window ends with its last calendar day
  d$first <- pmin(d$progression_day, d$death_day, na.rm = TRUE)
  for (endpoint in c("PFS", "OS")) {
    first <- if (endpoint == "PFS") d$first else d$death_day
    d$time <- ifelse(is.na(first), d$last_contact_day, first); d$event <- !is.na(first); d$exposed <- !is.na(d$exposure_day)
    stopifnot(any(d$event))
    for (ties in c("efron", "breslow")) {
      line(case, endpoint, ties, "naive", coxph(Surv(time, event) ~ exposed, d, ties = ties, control = exact), nrow(d), sum(d$event))
      split <- d$exposed & d$exposure_day < d$time
      rows <- rbind(data.frame(start = 0, stop = ifelse(split, d$exposure_day, d$time) + 1, event = d$event & !split, x = 0),
                    data.frame(start = d$exposure_day[split] + 1, stop = d$time[split] + 1, event = d$event[split], x = 1))
      line(case, endpoint, ties, "time_dependent", coxph(Surv(start, stop, event) ~ x, rows, ties = ties, control = exact), nrow(d), sum(d$event))
      for (l in LANDMARKS) {
        k <- subset(d, time > l); k$x <- !is.na(k$exposure_day) & k$exposure_day <= l
        line(case, endpoint, ties, paste0("landmark_", l), coxph(Surv(time - l, event) ~ x, k, ties = ties, control = exact), nrow(k), sum(k$event))
      }
    }
  }
  time <- ifelse(is.na(d$first), d$last_contact_day, d$first)
  cause <- ifelse(is.na(d$first), 0, ifelse(!is.na(d$progression_day) & d$progression_day == d$first, 1, 2))
  read <- timepoints(cuminc(time, cause), c(1, 2, 3) * 365.25)$est
  kinds <- sort(unique(cause[cause > 0]))  # an event that nobody had has no row
  for (k in kinds) for (year in 1:3) competing[[length(competing) + 1]] <- data.frame(case, grouping = "", id = paste0(c("progression", "death")[k], ".cif.", year, "y"), value = sprintf("%.15g", 100 * read[match(k, kinds), year]))
  for (grouping in c("exposure", "group")) {
    p <- cuminc(time, cause, if (grouping == "group") d$group else d$exposed)$Tests[, "pv"]
    for (k in kinds) competing[[length(competing) + 1]] <- data.frame(case, grouping, id = paste0(c("progression", "death")[k], ".gray.p"), value = sprintf("%.15g", p[match(k, kinds)]))
  }
}
save_csv(do.call(rbind, ids), "ids")
save_csv(do.call(rbind, competing), "competing")
