#pragma once

namespace kiln::detail {

/// The memory is on its way to the caches when this returns; `at` may be any address.
inline void prefetch(const void* at) {
  __builtin_prefetch(at);
  // GCC takes a function that does nothing else for one without effect, and leaves out the calls of it.
  __asm__ volatile("");
}

}  // namespace kiln::detail
