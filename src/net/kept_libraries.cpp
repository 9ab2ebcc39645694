#include "net/kept_libraries.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <new>
#include <string>
#include <vector>

namespace kiln::net {
namespace {

int add_name(dl_phdr_info* info, std::size_t, void* names) {
  if (info->dlpi_name != nullptr && *info->dlpi_name != '\0') {
    static_cast<std::vector<std::string>*>(names)->emplace_back(info->dlpi_name);
  }
  return 0;
}

}  // namespace

void keep_libraries() noexcept {
  try {
    std::vector<std::string> names;
    dl_iterate_phdr(add_name, &names);
    for (const std::string& name : names) {
      void* const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
      if (library != nullptr) dlclose(library);
    }
  } catch (const std::bad_alloc&) {
    return;  // as if it had not been called
  }
}

}  // namespace kiln::net
