# install rules: the binary, man page, shell completions and profiles
install(TARGETS brunt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_file(${CMAKE_SOURCE_DIR}/packaging/brunt.1.in ${CMAKE_BINARY_DIR}/generated/brunt.1 @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/brunt.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

install(FILES ${CMAKE_SOURCE_DIR}/packaging/brunt.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME brunt)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/_brunt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/brunt.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/profiles/ DESTINATION ${CMAKE_INSTALL_DATADIR}/brunt/profiles FILES_MATCHING
  PATTERN *.yaml PATTERN *.md PATTERN *.txt)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
