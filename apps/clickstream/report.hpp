#pragma once

#include "figures.hpp"

#include <kiln/kiln.hpp>
#include <string>
#include <vector>

namespace clickstream {

/// What a report comes to.
struct Found {
  Figures figures;
  std::vector<PageRow> top;  ///< of all pages those with most views
  int exit_code = 0;
};

/// Collective. Reads the events of a folder and its user table, and writes the tables hours, pages, top_pages, users
/// and countries. Throws kiln::Error where they cannot be read.
Found report(kiln::Session& session, const std::string& folder);

}  // namespace clickstream
