#pragma once

#include <cstdint>
#include <kiln/columns.hpp>
#include <string>
#include <vector>

namespace signup {

inline constexpr std::uint32_t kRegions = 8, kDays = 30;

/// Somebody wants an account.
struct Signup {
  std::uint64_t id = 0;
  std::string mail;
  std::uint32_t region = 0, day = 0;
  double risk = 0;  ///< 0 to 1
};
KILN_COLUMNS(Signup, id, mail, region, day, risk)

/// The sign-up of this number: the same for every run with this seed. Of 20, one gives no address.
Signup make_signup(std::uint64_t seed, std::uint64_t id);

bool has_address(const Signup& one);
bool is_risky(const Signup& one);
/// The fraud check, which takes its time: whether the account may be opened all the same.
bool passes_check(const Signup& one);

}  // namespace signup
