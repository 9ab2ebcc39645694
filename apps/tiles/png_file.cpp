#include "png_file.hpp"

#include <png.h>
#include <kiln/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

void write_png(const std::string& path, const std::vector<std::uint8_t>& pixels, std::uint64_t size) {
  const std::string part = path + ".part";
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = static_cast<png_uint_32>(size);
  image.format = PNG_FORMAT_GRAY;
  if (png_image_write_to_file(&image, part.c_str(), 0, pixels.data(), 0, nullptr) == 0) {
    const std::string why = image.message;
    std::remove(part.c_str());
    throw kiln::Error(kiln::ExitCode::run_directory,
                      path + ": cannot be written: " + why + "; choose another --picture");
  }
  std::error_code failed;
  std::filesystem::rename(part, path, failed);
  if (failed) throw kiln::Error(kiln::ExitCode::run_directory, path + ": cannot be written: " + failed.message());
}
