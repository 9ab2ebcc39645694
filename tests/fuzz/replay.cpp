#include "target.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

/// Gives a target every file of the folders and files that are named: the corpus as an ordinary test, without
/// libFuzzer.
int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
  }
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) {
      std::fprintf(stderr, "replay: cannot read %s\n", file.c_str());  // NOLINT(cert-err33-c)
      return 1;
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs\n", files.size());  // NOLINT(cert-err33-c)
  return files.empty() ? 1 : 0;
}
