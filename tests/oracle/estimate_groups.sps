* Group comparisons as PSPP, the free twin of SPSS, prints them; read by tests/test_estimate_groups.py.
* Run in this folder, after estimate_groups.R: pspp -O format=csv -o estimate_groups.out.csv estimate_groups.sps
SET FORMAT=F40.16.
OUTPUT MODIFY /SELECT TABLES /TABLECELLS SELECT=[SIGNIFICANCE] FORMAT=F40.16.
SHOW VERSION.
GET DATA /TYPE=TXT /FILE='estimate_groups_data.csv' /DELIMITERS=',' /FIRSTCASE=2
  /VARIABLES=group F2.0 normal F20.10 skewed F20.10 before F20.10 after F20.10.
T-TEST /GROUPS=group(1 2) /VARIABLES=normal skewed.
NPAR TESTS /MANN-WHITNEY=normal skewed BY group(1 2).
NPAR TESTS /KOLMOGOROV-SMIRNOV(NORMAL)=normal skewed.
T-TEST /PAIRS=after WITH before (PAIRED).
* Tenths as whole numbers, so that equal changes are ties.
COMPUTE tenths_before = RND(10 * before).
COMPUTE tenths_after = RND(10 * after).
NPAR TESTS /WILCOXON=tenths_before WITH tenths_after (PAIRED).
NPAR TESTS /KRUSKAL-WALLIS=normal skewed BY group(1 2).
* Table 3 of the paper: day 30 response by GC.
DATA LIST LIST NOTABLE /gc response patients.
BEGIN DATA
1 1 53
1 2 2
2 1 40
2 2 6
END DATA.
WEIGHT BY patients.
CROSSTABS /TABLES=gc BY response /STATISTICS=CHISQ.
