#include "net/kept_libraries.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace kiln::net {
namespace {

bool is_loaded(const char* library) {
  void* const found = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
  if (found != nullptr) dlclose(found);
  return found != nullptr;
}

TEST(KeepLibraries, StayWhenTheyAreUnloaded) {
  constexpr const char* kEarly = "libanl.so.1";  // of the C library; nothing here uses them
  constexpr const char* kLate = "libBrokenLocale.so.1";
  void* const early = dlopen(kEarly, RTLD_LAZY);
  ASSERT_NE(early, nullptr) << dlerror();
  keep_libraries();
  void* const late = dlopen(kLate, RTLD_LAZY);
  ASSERT_NE(late, nullptr) << dlerror();
  dlclose(early);
  dlclose(late);
  EXPECT_TRUE(is_loaded(kEarly));
  EXPECT_FALSE(is_loaded(kLate));
}

}  // namespace
}  // namespace kiln::net
