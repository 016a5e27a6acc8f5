# Tests of the tree itself: what may include what, what is compared how, what the pure layers need, whether the pages say what the tools do,
# and the linters. A linter that is not installed, or of another version, is a skipped test.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(tree_dir ${CMAKE_CURRENT_LIST_DIR})
set(tree_python ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1 ${Python3_EXECUTABLE})

add_test(NAME tree.includes COMMAND ${tree_python} ${tree_dir}/includes.py ${CMAKE_SOURCE_DIR})
add_test(NAME tree.compares COMMAND ${tree_python} ${tree_dir}/compares.py ${CMAKE_SOURCE_DIR})

# Sanitizers bring needs of their own.
if(NOT SPATE_SANITIZE)
  set(pure_archives)
  foreach(layer base crypto wire session stream swarm node)
    list(APPEND pure_archives $<TARGET_FILE:spate_${layer}>)
  endforeach()
  add_test(NAME tree.purity COMMAND ${tree_python} ${tree_dir}/purity.py --nm ${CMAKE_NM} ${pure_archives})
endif()

foreach(tool publish relay watch probe simulate)
  add_test(NAME tree.man_help.${tool} COMMAND ${tree_python} ${tree_dir}/man_help.py
    ${CMAKE_SOURCE_DIR}/man/spate-${tool}.1 $<TARGET_FILE:spate-${tool}>)
endforeach()

foreach(lint mandoc shellcheck format)
  add_test(NAME tree.${lint} COMMAND ${tree_dir}/lint.sh ${lint} ${CMAKE_SOURCE_DIR})
  set_tests_properties(tree.${lint} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()

add_test(NAME tree.selftest COMMAND ${tree_python} ${tree_dir}/selftest.py ${CMAKE_CXX_COMPILER})
set_tests_properties(tree.selftest PROPERTIES TIMEOUT 120)
