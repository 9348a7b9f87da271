# One library per room of src/. MAY lists the rooms whose headers it may include and whose library it links; a room
# reaches further right through them. tests/tidy reads this same table and fails on an include that it does not allow.
function(room name)
  cmake_parse_arguments(ROOM "" "" "MAY;LIBS" ${ARGN})
  if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${name})
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  list(TRANSFORM ROOM_MAY PREPEND room_)
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

# cmd -> {daemon, fleet, import} -> campaign -> {engine, judge, report} -> sampler -> {load, request, proto} -> {reader, net}
# -> measure -> plan -> base, and beside it {daemon, target} -> httpd -> base
room(base LIBS m Threads::Threads)
room(plan MAY base LIBS PkgConfig::YAML)
room(measure MAY plan base LIBS PkgConfig::ZLIB PkgConfig::CJSON)
room(reader MAY measure plan base LIBS PkgConfig::ZLIB PkgConfig::BROTLI)
room(net MAY measure plan base LIBS PkgConfig::LIBUV PkgConfig::OPENSSL)
room(load MAY reader net measure plan base)
room(request MAY reader net measure plan base LIBS PkgConfig::PCRE2 PkgConfig::OPENSSL)
room(proto MAY reader net measure plan base LIBS llhttp PkgConfig::NGHTTP2)
room(sampler MAY load request proto reader net measure plan base)
room(engine MAY sampler load request proto reader net measure plan base LIBS PkgConfig::LIBUV)
room(judge MAY sampler load request proto reader net measure plan base)
room(report MAY sampler load request proto reader net measure plan base LIBS PkgConfig::CJSON)

# The page that report.html is, less the run: report/html/ and Chart.js (cmake/HtmlPage.cmake).
set(html_page ${CMAKE_BINARY_DIR}/generated/html_page)
set(charts "")
if(BRUNT_CHARTS)
  set(charts ${CHART_JS})
endif()
file(GLOB html_parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/report/html/*)
add_custom_command(OUTPUT ${html_page}.S ${html_page}.html
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}/src/report/html -DCHARTS=${charts} -DPAGE=${html_page}.html
          -DASSEMBLY=${html_page}.S -P ${CMAKE_SOURCE_DIR}/cmake/HtmlPage.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/cmake/HtmlPage.cmake ${html_parts} ${charts} VERBATIM)
set_source_files_properties(${html_page}.S PROPERTIES OBJECT_DEPENDS ${html_page}.html)
target_sources(room_report PRIVATE ${html_page}.S)

room(campaign MAY engine judge report sampler load request proto reader net measure plan base)
room(httpd MAY base LIBS llhttp PkgConfig::LIBUV)
room(target MAY httpd base LIBS PkgConfig::CJSON)
room(import MAY measure plan base LIBS PkgConfig::CJSON)
room(fleet MAY campaign engine judge report sampler load measure plan base)
room(daemon MAY campaign engine judge report httpd sampler load measure plan base)
room(cmd MAY import fleet campaign target engine judge report sampler load request proto reader net measure plan base)

configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${CMAKE_BINARY_DIR}/generated/brunt_version.h)
target_include_directories(room_base PUBLIC ${CMAKE_BINARY_DIR}/generated)
