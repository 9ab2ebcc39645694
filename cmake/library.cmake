# The library as others use it: libkiln.so, its headers, a CMake package and a pkg-config file. What it is made of
# (MPI, HDF5, …) stays inside: a program that uses kiln needs none of their headers and links none of them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(parts ${KILN_LAYERS})
list(REMOVE_ITEM parts kiln_sim)
set(objects "")
foreach(part ${parts})
  list(APPEND objects $<TARGET_OBJECTS:${part}>)
endforeach()
add_library(kiln_shared SHARED ${objects})
target_link_libraries(kiln_shared PRIVATE ${parts})  # for what they need: their objects are in it already
# Only kiln's own names are seen from outside.
target_link_options(kiln_shared PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/libkiln.map LINKER:--no-undefined)
set_target_properties(kiln_shared PROPERTIES OUTPUT_NAME kiln EXPORT_NAME kiln VERSION ${PROJECT_VERSION}
                      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                      LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libkiln.map)
target_compile_features(kiln_shared INTERFACE cxx_std_20)
# Products and sums are rounded one by one, or inlining could change the bits (docs/architecture.md).
target_compile_options(kiln_shared INTERFACE -ffp-contract=off)
target_include_directories(kiln_shared INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
if(KILN_SANITIZE)  # programs need it as well: its runtime wants to be the first library of a process
  target_compile_options(kiln_shared INTERFACE $<BUILD_INTERFACE:-fsanitize=${KILN_SANITIZE}>)
  target_link_options(kiln_shared INTERFACE $<BUILD_INTERFACE:-fsanitize=${KILN_SANITIZE}>)
endif()
# What programs in this tree link: the same as outside of it.
add_library(kiln::kiln ALIAS kiln_shared)

install(TARGETS kiln_shared EXPORT kiln LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/kiln DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT kiln NAMESPACE kiln:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kiln FILE kiln-config.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kiln-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/kiln-config-version.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/kiln)
file(RELATIVE_PATH kiln_prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)  # lib, or lib/x86_64-linux-gnu
configure_file(cmake/kiln.pc.in ${CMAKE_BINARY_DIR}/kiln.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/kiln.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# kiln_program(NAME [lib…]): an example program from the folder's *.cpp, as a user's would be.
function(kiln_program name)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE kiln::kiln ${ARGN})
endfunction()
