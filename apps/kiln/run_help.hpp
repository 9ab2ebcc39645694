#pragma once

#include <string_view>

/// The words around the lists of options in help.
namespace kiln::cli {

std::string_view run_usage();
std::string_view run_footer();
std::string_view retry_usage();
std::string_view retry_footer();
std::string_view status_usage();
std::string_view status_footer();
std::string_view results_usage();
std::string_view results_footer();
std::string_view export_usage();
std::string_view export_footer();
std::string_view doctor_usage();
std::string_view doctor_footer();

}  // namespace kiln::cli
