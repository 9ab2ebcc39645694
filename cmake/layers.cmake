set(KILN_LAYERS "")

# kiln_layer(NAME [PUBLIC lib…] [PRIVATE lib…]): the library kiln_NAME from src/NAME/*.cpp. It links the layers that
# were named before it; third-party libraries reach only the layer that names them.
function(kiln_layer name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(sources)
    add_library(kiln_${name} STATIC ${sources})
    target_link_libraries(kiln_${name} PUBLIC kiln_flags ${KILN_LAYERS} ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    list(PREPEND KILN_LAYERS kiln_${name})
    set(KILN_LAYERS "${KILN_LAYERS}" PARENT_SCOPE)
  endif()
endfunction()

# kiln_test(NAME SOURCES… LAYER layer): a GoogleTest program, one CTest entry per test case.
