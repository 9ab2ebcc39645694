set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the layers become libkiln.so as well
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(MPI REQUIRED COMPONENTS C CXX)
find_package(Boost REQUIRED COMPONENTS mpi serialization)
find_package(HDF5 REQUIRED COMPONENTS C)
find_path(KILN_XXHASH_INCLUDE xxhash.h REQUIRED)
find_library(KILN_XXHASH_LIBRARY xxhash REQUIRED)
find_package(ZLIB REQUIRED)
find_path(KILN_ZSTD_INCLUDE zstd.h REQUIRED)
find_library(KILN_ZSTD_LIBRARY zstd REQUIRED)
find_path(KILN_ISAL_INCLUDE isa-l.h)  # wanted, not needed: without it zlib deflates, at a tenth of the speed
find_library(KILN_ISAL_LIBRARY isal)
find_path(KILN_RE2_INCLUDE re2/re2.h REQUIRED)
find_library(KILN_RE2_LIBRARY re2 REQUIRED)

add_library(kiln_re2 INTERFACE)
target_include_directories(kiln_re2 SYSTEM INTERFACE ${KILN_RE2_INCLUDE})
target_link_libraries(kiln_re2 INTERFACE ${KILN_RE2_LIBRARY})

add_library(kiln_zstd INTERFACE)
target_include_directories(kiln_zstd SYSTEM INTERFACE ${KILN_ZSTD_INCLUDE})
target_link_libraries(kiln_zstd INTERFACE ${KILN_ZSTD_LIBRARY})

# Deflates and inflates: zlib, and ISA-L where it is there.
add_library(kiln_deflate INTERFACE)
target_link_libraries(kiln_deflate INTERFACE ZLIB::ZLIB)
if(KILN_ISAL_INCLUDE AND KILN_ISAL_LIBRARY)
  target_include_directories(kiln_deflate SYSTEM INTERFACE ${KILN_ISAL_INCLUDE})
  target_link_libraries(kiln_deflate INTERFACE ${KILN_ISAL_LIBRARY})
  target_compile_definitions(kiln_deflate INTERFACE KILN_HAS_ISAL)
endif()

add_library(kiln_xxhash INTERFACE)
target_include_directories(kiln_xxhash SYSTEM INTERFACE ${KILN_XXHASH_INCLUDE})
target_link_libraries(kiln_xxhash INTERFACE ${KILN_XXHASH_LIBRARY})

add_library(kiln_hdf5 INTERFACE)
target_include_directories(kiln_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(kiln_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
target_compile_definitions(kiln_hdf5 INTERFACE ${HDF5_C_DEFINITIONS})

# Everything of kiln's compiles with this.
add_library(kiln_flags INTERFACE)
target_compile_options(kiln_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -ffp-contract=off
                                            $<$<BOOL:${KILN_WERROR}>:-Werror>)
# GCC 12 warns falsely inside std::variant and std::string once it has inlined them.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(kiln_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
target_include_directories(kiln_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
if(KILN_SANITIZE)
  target_compile_options(kiln_flags INTERFACE -fsanitize=${KILN_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(kiln_flags INTERFACE -fsanitize=${KILN_SANITIZE})
endif()
