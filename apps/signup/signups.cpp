#include "signups.hpp"

#include <kiln/random.hpp>

namespace signup {

Signup make_signup(std::uint64_t seed, std::uint64_t id) {
  kiln::Random random(seed, 0, id);
  Signup one;
  one.id = id;
  one.mail = "user" + std::to_string(id) + (random.below(20) == 0 ? ".example.org" : "@example.org");
  one.region = static_cast<std::uint32_t>(random.below(kRegions));
  one.day = static_cast<std::uint32_t>(random.below(kDays));
  one.risk = random.uniform();
  return one;
}

bool has_address(const Signup& one) { return one.mail.find('@') != std::string::npos; }
bool is_risky(const Signup& one) { return one.risk > 0.9; }

bool passes_check(const Signup& one) {
  kiln::Random random(one.id, 1, 0);
  double score = 0;
  for (int i = 0; i < 1000; ++i) score += random.uniform();
  return score < 500;
}

}  // namespace signup
