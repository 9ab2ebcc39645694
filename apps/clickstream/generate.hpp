#pragma once

#include "shop.hpp"

#include <kiln/kiln.hpp>
#include <string>

namespace clickstream {

/// Collective. Makes a folder of so many days: events/*.jsonl, users.csv and truth/*.csv. Days that are there already
/// are made again, with the same bytes. Returns the exit code.
int generate(kiln::Session& session, const Shop& shop, std::uint64_t days, const std::string& folder);

}  // namespace clickstream
