# A page that is one file with all that it needs, put together when brunt is built and kept in the binary: report.html as far as it is
# the same for every run, and the daemon's dashboard, which is made of the report's parts and its own. Run as a script (cmake -P) with
# SOURCE (a folder: page.html, style.css and *.js), MORE (a folder whose page.html and main.js replace those, and whose style.css and
# *.js come after them; or empty), CHARTS (a file, or empty), NAME (of its symbols), PAGE and ASSEMBLY (what is written).
#
# What runs in the page is named in its Content-Security-Policy by its hash, so that nothing else does.

# "sha256-…" of a text: CMake knows hexadecimal digests alone, so that three bytes at a time become four letters.
function(policy_hash text into)
  set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hex "${text}")
  string(APPEND hex 00) # 32 bytes, and one to make it 11 times three
  set(base64 "")
  foreach(at RANGE 0 60 6)
    string(SUBSTRING ${hex} ${at} 6 three)
    foreach(shift 18 12 6 0)
      math(EXPR place "(0x${three} >> ${shift}) & 63")
      string(SUBSTRING ${letters} ${place} 1 letter)
      string(APPEND base64 ${letter})
    endforeach()
  endforeach()
  string(SUBSTRING ${base64} 0 43 base64)
  set(${into} "'sha256-${base64}='" PARENT_SCOPE)
endfunction()

# Nothing in what is put into an element may look like that element's end.
function(check_inline text what)
  string(TOLOWER "${text}" lower)
  if(lower MATCHES "</(script|style)|<!--|@(title|text|run|style|charts|script|policy)@")
    message(FATAL_ERROR "${what} holds '${CMAKE_MATCH_0}', which a page cannot hold inside an element")
  endif()
endfunction()

# A file's bytes from NAME to NAME_end, and its ETag as a text.
function(embed name file into)
  file(SHA256 ${file} digest)
  string(SUBSTRING ${digest} 0 32 digest)
  set(${into} "${${into}}	.global ${name}, ${name}_end, ${name}_etag
${name}:
	.incbin \"${file}\"
${name}_end:
	.byte 0
${name}_etag:
	.asciz \"\\\"${digest}\\\"\"
" PARENT_SCOPE)
endfunction()

set(script "\"use strict\";\n")
set(style "")
foreach(folder ${SOURCE} ${MORE})
  file(READ ${folder}/style.css text)
  string(APPEND style "${text}")
  file(GLOB parts ${folder}/*.js)
  list(SORT parts)
  list(FILTER parts EXCLUDE REGEX "/main[.]js$") # the only one that does anything when it is read
  foreach(part ${parts})
    file(READ ${part} text)
    string(APPEND script "${text}")
  endforeach()
  set(last ${folder})
endforeach()
file(READ ${last}/main.js text)
string(APPEND script "${text}")
file(READ ${last}/page.html page)
set(charts "")
if(CHARTS)
  file(READ ${CHARTS} charts)
endif()

check_inline("${style}" "the style")
check_inline("${script}" "the script")
check_inline("${charts}" "Chart.js")
policy_hash("${style}" style_hash)
policy_hash("${script}" script_hash)
policy_hash("${charts}" charts_hash)
set(policy "default-src 'none'; script-src ${charts_hash} ${script_hash}; style-src ${style_hash}; base-uri 'none'; form-action 'none'")
if(MORE) # it asks where it comes from, and nobody else; and no text can be made into elements, whoever tries
  string(APPEND policy "; connect-src 'self'; img-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'")
endif()
foreach(mark POLICY STYLE CHARTS SCRIPT)
  string(TOLOWER ${mark} name)
  string(REPLACE "@${mark}@" "${${name}}" page "${page}")
endforeach()
file(WRITE ${PAGE} "${page}")

set(assembly "/* What ${NAME} is made of: cmake/HtmlPage.cmake. */
	.section .rodata
")
embed(${NAME} ${PAGE} assembly)
string(APPEND assembly "	.global ${NAME}_policy
${NAME}_policy:
	.asciz \"${policy}\"
")
if(EXISTS ${last}/icon.svg)
  embed(${NAME}_icon ${last}/icon.svg assembly)
endif()
file(WRITE ${ASSEMBLY} "${assembly}	.section .note.GNU-stack, \"\", %progbits
")
