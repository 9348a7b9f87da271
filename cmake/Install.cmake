# install rules: the binary, man page, shell completions and profiles
install(TARGETS brunt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
