#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/guarded_file.hpp"
#include "store/h5.hpp"
#include "store/h5_type.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <kiln/array_file.hpp>
#include <kiln/error.hpp>
#include <optional>
#include <utility>

namespace kiln {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{8} << 20;  // no longer under the lock of HDF5

}  // namespace

struct ArrayFile::State {
  explicit State(std::filesystem::path target)
      : path(std::move(target)), part(path.native() + ".part"), file(std::in_place, part) {}

  /// Throws unless the dataset created last is complete.
  void expect_complete() const {
    if (written == rows) return;
    throw Error(ExitCode::internal,
                fmt::format("{}: {} of {} rows of {} were given", path.native(), written, rows, name));
  }

  std::filesystem::path path, part;
  std::optional<store::GuardedFile> file;
  store::h5::Handle dataset;
  std::string name;
  ColumnType type = ColumnType::f64;
  std::uint64_t rows = 0, columns = 0, written = 0;
};

ArrayFile::ArrayFile(const std::string& path) : state_(std::make_unique<State>(path)) {}

ArrayFile::~ArrayFile() {
  if (!state_->file) return;
  state_->dataset.close();
  state_->file.reset();
  std::error_code ignored;
  std::filesystem::remove(from_start(state_->part), ignored);
}

void ArrayFile::create(const std::string& dataset, ColumnType type, std::uint64_t rows, std::uint64_t columns,
                       std::uint64_t chunk_rows, int deflate) {
  State& state = *state_;
  state.expect_complete();
  if (deflate < 0 || deflate > 9 || (deflate > 0 && chunk_rows == 0)) {
    throw Error(ExitCode::usage, fmt::format("{}: {}: deflate is a level of 1 to 9 and needs chunks; 0 is none",
                                             state.path.native(), dataset));
  }
  if (store::h5::exists(state.file->file(), dataset)) {
    throw Error(ExitCode::usage, fmt::format("{}: there is a dataset {} already", state.path.native(), dataset));
  }
  state.dataset = store::h5::create_dataset(state.file->file(), dataset, store::h5_type_of(type), rows,
                                            {.chunk_rows = chunk_rows, .deflate = deflate}, columns);
  state.name = dataset;
  state.type = type;
  state.rows = rows;
  state.columns = columns;
  state.written = 0;
}

void ArrayFile::append(ColumnType type, std::span<const std::byte> values) {
  State& state = *state_;
  const std::size_t row_bytes = column_width(type) * std::max<std::uint64_t>(state.columns, 1);
  const std::uint64_t count = values.size() / row_bytes;
  if (type != state.type || values.size() % row_bytes != 0 || count > state.rows - state.written) {
    throw Error(ExitCode::usage,
                fmt::format("{}: {} takes whole rows of {} bytes, {} more of them; not {} bytes", state.path.native(),
                            state.name, row_bytes, state.rows - state.written, values.size()));
  }
  const std::uint64_t most = std::max<std::uint64_t>(1, kPieceBytes / row_bytes);
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t piece = std::min(most, count - done);
    store::h5::write_raw(state.dataset, store::h5_type_of(type), state.written, piece,
                         values.subspan(done * row_bytes, piece * row_bytes));
    state.file->check();
    state.written += piece;
    done += piece;
  }
}

void ArrayFile::attribute(const std::string& name, const std::string& text) {
  store::h5::write_readable_attribute(state_->file->file(), name, text);
}

void ArrayFile::attribute(const std::string& name, double number) {
  store::h5::write_attribute(state_->file->file(), name, number);
}

void ArrayFile::close() {
  State& state = *state_;
  state.expect_complete();
  state.dataset.close();
  state.file->finish();
  state.file.reset();
  std::error_code failed;
  std::filesystem::rename(from_start(state.part), from_start(state.path), failed);
  if (failed) throw store::StorageError(failed.value(), "rename", state.path);
  const std::filesystem::path folder = state.path.parent_path();
  store::sync_folder(store::system_file_ops(), folder.empty() ? "." : folder);
}

}  // namespace kiln
