/* Makes import_catalogue.sas7bdat and import_catalogue.sas7bcat: a table of SAS whose value labels stand in a catalogue of formats.
   Compiled against the source of ReadStat that the source distribution of pyreadstat 1.3.7 holds. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "readstat.h"
static ssize_t put(const void *data, size_t len, void *ctx) { return write(*(int *)ctx, data, len); }
int main(void) {
  int fd = open("import_catalogue.sas7bcat", O_CREAT | O_TRUNC | O_WRONLY, 0644);
  readstat_writer_t *w = readstat_writer_init();
  readstat_set_data_writer(w, put);
  readstat_label_set_t *sex = readstat_add_label_set(w, READSTAT_TYPE_DOUBLE, "SEXF");
  readstat_label_double_value(sex, 1, "Female"); readstat_label_double_value(sex, 2, "Male");
  readstat_label_set_t *alive = readstat_add_label_set(w, READSTAT_TYPE_DOUBLE, "VITF");
  readstat_label_double_value(alive, 1, "Dead"); readstat_label_double_value(alive, 2, "Alive"); readstat_label_double_value(alive, 9, "Unknown");
  readstat_begin_writing_sas7bcat(w, &fd); readstat_end_writing(w); close(fd); readstat_writer_free(w);
  fd = open("import_catalogue.sas7bdat", O_CREAT | O_TRUNC | O_WRONLY, 0644);
  w = readstat_writer_init(); readstat_set_data_writer(w, put);
  readstat_variable_t *id = readstat_add_variable(w, "SUBJID", READSTAT_TYPE_STRING, 8), *s = readstat_add_variable(w, "SEX", READSTAT_TYPE_DOUBLE, 8),
    *t = readstat_add_variable(w, "OSMO", READSTAT_TYPE_DOUBLE, 8), *v = readstat_add_variable(w, "OSSTAT", READSTAT_TYPE_DOUBLE, 8);
  readstat_variable_set_label(id, "Subject"); readstat_variable_set_label(t, "Overall survival (months)"); readstat_variable_set_label(v, "Overall survival status");
  readstat_variable_set_format(s, "SEXF"); readstat_variable_set_format(v, "VITF"); readstat_variable_set_format(t, "BEST12");
  const char *ids[] = {"C-1", "C-2", "C-3", "C-4"}; double sx[] = {1, 2, 2, 1}, os[] = {12, 3.5, 24, 7}, vt[] = {2, 1, 2, 9};
  readstat_begin_writing_sas7bdat(w, &fd, 4);
  for (int i = 0; i < 4; i++) { readstat_begin_row(w); readstat_insert_string_value(w, id, ids[i]); readstat_insert_double_value(w, s, sx[i]);
    readstat_insert_double_value(w, t, os[i]); readstat_insert_double_value(w, v, vt[i]); readstat_end_row(w); }
  readstat_end_writing(w); close(fd); readstat_writer_free(w); return 0; }
