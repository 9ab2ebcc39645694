// Units that change the working directory of their process, in a program that reads and writes by relative names.
#include <kiln/kiln.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

void stray() {
  if (::chdir("/") != 0) throw std::runtime_error("there is no /");
}

void wait_for(const std::string& gate) {
  while (!gate.empty() && !std::filesystem::exists(gate)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  std::string gate, numbers;
  kiln::Program program("strayer", "Counts words.");
  program.files(files, "texts").option("--gate", gate, "the last file is read when that is there").only_shown("--gate");
  program.option("--numbers", numbers, "a file of HDF5 with the dataset x");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const auto words = kiln::Flow("words").text(files).flat_map<std::pair<std::string, std::uint64_t>>(
        [gate](const kiln::Text& text, auto& emit) {
          stray();
          std::string_view rest = text.text;
          if (rest.starts_with("last")) wait_for(gate);
          for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
            emit({std::string(rest.substr(0, end)), std::uint64_t{1}});
          }
        });
    auto report = session.run(words.reduce_by_key(std::plus<>{}).rows("words"));
    std::uint64_t failed = report.counts.failed;
    report = session.run(kiln::Flow("bytes")
                             .text(files)
                             .map([](const kiln::Text& text) {
                               stray();
                               return std::pair(std::uint64_t{text.text.size()}, std::string(text.text.substr(0, 4)));
                             })
                             .rows("bytes"));
    failed += report.counts.failed;
    if (!numbers.empty()) {
      const auto sum = session.run(kiln::Flow("numbers")
                                       .hdf5<double>(numbers, "x", 10)
                                       .map([](const kiln::Slice<double>& slice) {
                                         stray();
                                         double all = 0;
                                         for (const double one : slice.values()) all += one;
                                         return all;
                                       })
                                       .reduce(std::plus<>{}));
      session.at_root("print", [&] { std::printf("%g\n", sum.value); });
    }
    return failed == 0 ? 0 : 1;
  });
}
