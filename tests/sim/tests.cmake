# Swarms of real nodes on the virtual network, from a seed.
file(GLOB sim_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cc)
add_executable(sim-tests ${CMAKE_CURRENT_SOURCE_DIR}/main.cc ${sim_tests})
target_precompile_headers(sim-tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/catch.h)
target_link_libraries(sim-tests PRIVATE spate_sim Catch2::Catch2)
spate_compile_quickly(sim-tests)
add_test(NAME sim COMMAND sim-tests)
set_tests_properties(sim PROPERTIES TIMEOUT 600)

# Every seed draws its own network, faults and population; two at a time.
add_test(NAME sim.hunt COMMAND spate-simulate --swarm --seeds 1..200 --jobs 2 --crypto fast)
set_tests_properties(sim.hunt PROPERTIES TIMEOUT 600 PROCESSORS 2)
# What once failed, and must not again.
file(GLOB regressions CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/regressions/*.toml)
foreach(file ${regressions})
  get_filename_component(name ${file} NAME_WE)
  add_test(NAME sim.regression.${name} COMMAND spate-simulate --replay ${file} --crypto fast)
endforeach()
