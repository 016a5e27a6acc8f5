# The emulated network, for measurements and tests of the tools over bad links.
add_library(spate_link_model STATIC ${CMAKE_CURRENT_LIST_DIR}/link_model.cc)
target_include_directories(spate_link_model PUBLIC ${CMAKE_SOURCE_DIR})
add_executable(netem
  ${CMAKE_CURRENT_LIST_DIR}/netem.cc
  ${CMAKE_CURRENT_LIST_DIR}/star.cc
  ${CMAKE_CURRENT_LIST_DIR}/tun.cc)
target_link_libraries(netem PRIVATE spate_link_model spate_base CLI11::CLI11)
add_executable(link-model-test ${CMAKE_CURRENT_LIST_DIR}/link_model_test.cc)
target_link_libraries(link-model-test PRIVATE spate_link_model)

add_test(NAME net.link_model COMMAND link-model-test)
add_test(NAME net.netem COMMAND ${CMAKE_CURRENT_LIST_DIR}/netem_test.sh $<TARGET_FILE:netem>)
set_tests_properties(net.netem PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
