# report.html as far as it is the same for every run: src/report/html/ and Chart.js, put together when brunt is built and
# kept in the binary. Run as a script (cmake -P) with SOURCE, CHARTS (a file, or empty), PAGE and ASSEMBLY.
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

file(READ ${SOURCE}/page.html page)
file(READ ${SOURCE}/style.css style)
file(GLOB parts ${SOURCE}/*.js)
list(SORT parts)
list(REMOVE_ITEM parts ${SOURCE}/main.js)
list(APPEND parts ${SOURCE}/main.js) # the only one that does anything when it is read
set(script "\"use strict\";\n")
foreach(part ${parts})
  file(READ ${part} text)
  string(APPEND script "${text}")
endforeach()
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
foreach(mark POLICY STYLE CHARTS SCRIPT)
  string(TOLOWER ${mark} name)
  string(REPLACE "@${mark}@" "${${name}}" page "${page}")
endforeach()
file(WRITE ${PAGE} "${page}")
file(WRITE ${ASSEMBLY} "/* The page's bytes, from html_page to html_page_end: src/report/html.c. */
	.section .rodata
	.global html_page, html_page_end
html_page:
	.incbin \"${PAGE}\"
html_page_end:
	.byte 0
	.section .note.GNU-stack, \"\", %progbits
")
