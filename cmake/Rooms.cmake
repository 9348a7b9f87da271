# One library per room of src/. MAY lists the rooms whose headers it may include and whose library it links; a room
# reaches further right through them. tests/tidy reads this same table and fails on an include that it does not allow.
function(room name)
  cmake_parse_arguments(ROOM "" "ONLY_IF" "MAY;LIBS" ${ARGN})
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${name})
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  list(TRANSFORM ROOM_MAY PREPEND room_)
  if(ROOM_ONLY_IF AND NOT ${ROOM_ONLY_IF}) # whoever uses it asks for the definition, and says what this build lacks
    add_library(room_${name} INTERFACE)
    return()
  endif()
  if(sources)
    add_library(room_${name} STATIC ${sources})
    target_include_directories(room_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(room_${name} PUBLIC ${ROOM_MAY} ${ROOM_LIBS})
  else()
    add_library(room_${name} INTERFACE)
    target_include_directories(room_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(room_${name} INTERFACE ${ROOM_MAY} ${ROOM_LIBS})
  endif()
endfunction()

# cmd -> {daemon, cluster, import}, cluster -> fleet -> campaign -> {engine, judge, report} -> sampler -> {load, request, proto} -> {reader, net}
# -> measure -> plan -> base, and beside it {daemon, target} -> httpd -> base
room(base LIBS m Threads::Threads)
room(plan MAY base LIBS PkgConfig::YAML)
room(measure MAY plan base LIBS PkgConfig::ZLIB PkgConfig::CJSON)
room(reader MAY measure plan base LIBS PkgConfig::ZLIB PkgConfig::BROTLI)
room(net MAY measure plan base LIBS PkgConfig::LIBUV PkgConfig::OPENSSL)
room(load MAY reader net measure plan base)
room(request MAY reader net measure plan base LIBS PkgConfig::PCRE2 PkgConfig::OPENSSL)
room(proto MAY reader net measure plan base LIBS llhttp PkgConfig::NGHTTP2 PkgConfig::OPENSSL)
room(sampler MAY load request proto reader net measure plan base)
room(engine MAY sampler load request proto reader net measure plan base LIBS PkgConfig::LIBUV)
room(judge MAY sampler load request proto reader net measure plan base)
room(report MAY sampler load request proto reader net measure plan base LIBS PkgConfig::CJSON)

# The pages that are kept in the binary (cmake/HtmlPage.cmake): the report's parts, and for the dashboard those of its own folder.
set(charts "")
if(BRUNT_CHARTS)
  set(charts ${CHART_JS})
endif()
function(page room name more)
  set(page ${CMAKE_BINARY_DIR}/generated/${name})
  set(folders ${CMAKE_SOURCE_DIR}/src/report/html ${more})
  list(TRANSFORM folders APPEND /*)
  file(GLOB parts CONFIGURE_DEPENDS ${folders})
  add_custom_command(OUTPUT ${page}.S ${page}.html
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}/src/report/html -DMORE=${more} -DCHARTS=${charts} -DNAME=${name}
            -DPAGE=${page}.html -DASSEMBLY=${page}.S -P ${CMAKE_SOURCE_DIR}/cmake/HtmlPage.cmake
    DEPENDS ${CMAKE_SOURCE_DIR}/cmake/HtmlPage.cmake ${parts} ${charts} VERBATIM)
  set_source_files_properties(${page}.S PROPERTIES OBJECT_DEPENDS ${page}.html)
  target_sources(room_${room} PRIVATE ${page}.S)
endfunction()
page(report html_page "")

room(campaign MAY engine judge report sampler load request proto reader net measure plan base)
room(httpd MAY base LIBS llhttp PkgConfig::LIBUV PkgConfig::OPENSSL)
room(target MAY httpd base LIBS PkgConfig::CJSON)
room(import MAY measure plan base LIBS PkgConfig::CJSON)
room(fleet MAY campaign engine judge report sampler load measure plan base)
room(cluster MAY fleet campaign engine judge report sampler load net measure plan base LIBS PkgConfig::NATS PkgConfig::CJSON ONLY_IF BRUNT_NATS)
room(daemon MAY campaign engine judge report httpd sampler load net measure plan base LIBS PkgConfig::CJSON PkgConfig::SQLITE PkgConfig::OPENSSL ONLY_IF BRUNT_SQLITE)
if(BRUNT_SQLITE)
  page(daemon daemon_page ${CMAKE_SOURCE_DIR}/src/daemon/page)
  # The API's own document, as it stands.
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/openapi.S CONTENT [[
.section .rodata
.global openapi_text, openapi_end
openapi_text: .incbin "@CMAKE_SOURCE_DIR@/src/daemon/openapi.yaml"
openapi_end: .byte 0
.section .note.GNU-stack,"",%progbits
]] @ONLY)
  set_source_files_properties(${CMAKE_BINARY_DIR}/generated/openapi.S PROPERTIES OBJECT_DEPENDS
    ${CMAKE_SOURCE_DIR}/src/daemon/openapi.yaml)
  target_sources(room_daemon PRIVATE ${CMAKE_BINARY_DIR}/generated/openapi.S)
endif()
room(cmd MAY daemon import cluster fleet campaign target engine judge report sampler load request proto reader net measure plan base)
if(BRUNT_SQLITE)
  target_compile_definitions(room_cmd PRIVATE BRUNT_SQLITE)
endif()
if(BRUNT_NATS)
  target_compile_definitions(room_cmd PRIVATE BRUNT_NATS)
endif()

configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${CMAKE_BINARY_DIR}/generated/brunt_version.h)
target_include_directories(room_base PUBLIC ${CMAKE_BINARY_DIR}/generated)
