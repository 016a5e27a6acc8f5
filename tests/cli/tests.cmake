# The real binaries, as a shell would run them. Each file is one test; nothing in them sleeps to be in step.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB cli_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.py)
foreach(file ${cli_tests})
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_test(NAME cli.${name} COMMAND ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
    SPATE_BIN=$<TARGET_FILE_DIR:spate-watch> ${Python3_EXECUTABLE} ${file})
  set_tests_properties(cli.${name} PROPERTIES TIMEOUT 120)
endforeach()
# All shipped scenarios, two at a time.
set_tests_properties(cli.scenarios PROPERTIES TIMEOUT 400 LABELS scenarios PROCESSORS 2)
