#pragma once

/// The release; the one place that names it (CMakeLists.txt reads it from here).
#define KILN_VERSION "0.1.0"
