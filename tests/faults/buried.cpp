// Preloaded, this fills a rank's graveyard: in the process of rank BURIED_ON of its program, while the file named by
// BURIED_WHEN exists, kiln's transport says that it keeps so much that no bound allows it.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace kiln::net {

class MpiTransport {
 public:
  virtual ~MpiTransport() = default;
  std::size_t buried() const;
};

std::size_t MpiTransport::buried() const {
  static const char* const on = std::getenv("BURIED_ON");
  static const char* const own = std::getenv("OMPI_COMM_WORLD_RANK");
  static const char* const when = std::getenv("BURIED_WHEN");
  const bool here = on != nullptr && own != nullptr && when != nullptr && std::string_view(on) == own;
  return here && access(when, F_OK) == 0 ? SIZE_MAX / 2 : 0;
}

}  // namespace kiln::net
