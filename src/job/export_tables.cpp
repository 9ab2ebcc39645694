#include "job/export_tables.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "observe/output_file.hpp"
#include "observe/row_text.hpp"
#include "store/record_fields.hpp"
#include "store/run_directory.hpp"
#include "store/run_reader.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOption = "--export";

void export_table(store::RunReader& run, const std::string& name, const fs::path& folder,
                  const ExportFormats& formats) {
  if (!run.choose_table(name)) return;
  const store::RecordFields fields = store::RecordFields::of_table(name, run.schema());
  std::optional<observe::OutputFile> csv, json;
  const auto open = [&](std::optional<observe::OutputFile>& file, const char* ending) {
    file.emplace(kOption, (folder / (name + ending)).string(), observe::OutputFile::Existing::replaced);
  };
  if (formats.csv) {
    open(csv, ".csv");
    observe::append_csv_header(csv->buffer(), fields.fields());
  }
  if (formats.json) open(json, ".jsonl");
  std::vector<Value> values(fields.fields().size());
  run.for_each(store::RunReader::Which::all, [&](const store::UnitRecord& record) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = fields.value(record, i);
    if (csv) {
      observe::append_csv_row(csv->buffer(), values);
      csv->flush_when_full();
    }
    if (json) {
      observe::append_json_row(json->buffer(), fields.fields(), values);
      json->flush_when_full();
    }
  });
  if (csv) csv->finish();
  if (json) json->finish();
}

}  // namespace

void export_tables(const fs::path& run_directory, const ExportFormats& formats) {
  if (!formats.csv && !formats.json) return;
  store::RunReader run = store::RunReader::open(run_directory);
  const fs::path folder = store::export_folder(run_directory);
  std::error_code error;
  fs::create_directory(from_start(folder), error);
  if (error) observe::refuse_output(kOption, "make", folder, error.value());
  for (const store::RunReader::TableInfo& table : run.tables()) {
    if (table.name != store::kRejectedTable) export_table(run, table.name, folder, formats);
  }
  export_table(run, std::string(store::kRejectedTable), folder, formats);  // also where there are none
}

}  // namespace kiln::job
