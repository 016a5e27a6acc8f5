# The instruments scripts/bench measures with, and a test that they measure right.
foreach(program feed sink run)
  add_executable(bench-${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.cc)
  target_include_directories(bench-${program} PRIVATE ${CMAKE_SOURCE_DIR})
endforeach()
target_link_libraries(bench-feed PRIVATE CLI11::CLI11)
target_link_libraries(bench-sink PRIVATE spate_base)

add_test(NAME bench.feed_to_sink COMMAND ${CMAKE_CURRENT_LIST_DIR}/feed_to_sink_test.sh $<TARGET_FILE_DIR:bench-feed>)
set_tests_properties(bench.feed_to_sink PROPERTIES TIMEOUT 60)
